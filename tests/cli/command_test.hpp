#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace holdfast::testing {

/// How a `holdfast ...` ended.
struct ended {
  int code = -1;
  std::string out;
  std::string err;
};

/// A value in JSON text, by its JSON pointer: a string as it is, anything else as JSON. `(absent)` or `(not JSON)`.
std::string json_at(const std::string& text, const std::string& pointer);
/// The number of elements there; -1 where there is none.
int json_size(const std::string& text, const std::string& pointer);

/// The store that a program of this suite is about: one kind of it for each program.
class command_site {
 public:
  command_site() = default;
  command_site(const command_site&) = delete;
  command_site& operator=(const command_site&) = delete;
  virtual ~command_site() = default;
  /// Empty of locks when a test begins.
  [[nodiscard]] virtual std::string url() const = 0;
  /// What is in the one line that tells of this machine's server being too old or badly set; empty if it is not.
  [[nodiscard]] virtual std::string expected_warning() const { return {}; }
  /// Whether a lock stands for its ttl when the run that has it is killed. Else it is free with that, before the guardian has
  /// ended the command.
  [[nodiscard]] virtual bool outlives_runs() const { return true; }
  /// Whether a run learns of a broken lock by itself, not only when it renews or releases it.
  [[nodiscard]] virtual bool tells_of_loss() const { return false; }
  /// How many claim windows so many stopped waiters cost those behind them.
  [[nodiscard]] virtual int windows_of(int stopped) const { return stopped > 1 ? 2 : stopped; }
};
/// Defined once in each program. `folder` is the test's own.
std::unique_ptr<command_site> make_command_site(const temporary_folder& folder);

/// The command against a store of the test's own.
class command_test : public ::testing::Test {
 protected:
  using words = std::vector<std::string>;

  /// `holdfast` with these arguments, to its end.
  ended holdfast(const words& arguments);
  process start(const words& arguments);
  launch prepare(const words& arguments);
  /// `run` with these options, and the command `sh -c script`.
  static words run_shell(const words& options, const std::string& name, const std::string& script);

  /// Starts a holder of `name` that holds it for good, and waits until it does. `options`: say --ttl.
  process start_holder(const std::string& name, const words& options = {});
  std::string show(const std::string& name);  ///< As JSON.
  int waiters_of(const std::string& name) { return json_size(show(name), "/waiters"); }
  bool await_waiters(const std::string& name, int count);

  temporary_folder folder_;
  std::unique_ptr<command_site> site_ = make_command_site(folder_);
  std::string store_ = site_->url();
};

}  // namespace holdfast::testing
