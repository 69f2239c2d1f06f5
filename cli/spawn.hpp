#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "signals.hpp"

namespace holdfast::cli {

/// A command ready to be executed: looked up in $PATH as execvp(3) does, but never handed to a shell.
class command {
 public:
  /// `words` are the command and its arguments; not empty.
  explicit command(std::vector<std::string> words);

  /// Puts `NAME=value` strings (each ended by a NUL, one after another) into the environment that the command gets.
  void set_environment(std::string_view strings);

  /// Starts it as a child, leader of a process group of its own, which is killed should this thread's process die.
  /// The signals are set as `was` says; `terminal`: standard input's terminal becomes the new group's.
  /// Returns the pid, or -1 and the errno of what failed in `error`.
  pid_t spawn(const signal_state& was, bool terminal, int& error) const;

 private:
  std::vector<std::string> words_;
  std::vector<std::string> paths_;  // in the order in which they are tried
  std::vector<std::string> set_;
};

}  // namespace holdfast::cli
