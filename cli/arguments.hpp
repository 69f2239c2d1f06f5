#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "exit_code.hpp"
#include "holdfast/options.hpp"

namespace holdfast::cli {

struct run_options {
  std::string store;  ///< Empty: not given.
  std::string name;
  std::vector<std::string> words;  ///< The command and its arguments.
  std::optional<duration> wait;    ///< None: for ever. Zero: do not wait.
  duration ttl = default_ttl;
  bool shared = false;
  std::uint32_t slots = 1;
  int busy_code = exit_busy;
  bool verbose = false;
  std::string json_file;  ///< Empty: none.
};

struct ls_options {
  std::string store;
  std::string prefix;
  bool json = false;
};

struct show_options {
  std::string store;
  std::string name;
  bool json = false;
};

struct break_options {
  std::string store;
  std::string name;
  std::optional<std::uint64_t> token;
  std::string owner;  ///< Empty: not given. One of the two is.
};

struct schema_options {
  std::string store;
};

struct gc_options {
  std::string store;
};

struct version_options {};

/// What is left to do after the command line was read: nothing but to exit, with what was to be printed printed.
struct nothing_to_do {
  int exit_code = exit_ok;
};

using request_line = std::variant<nothing_to_do, version_options, run_options, ls_options, show_options, break_options,
                                  schema_options, gc_options>;

/// Reads the command line. Help goes to stdout; what is wrong goes to stderr, and the exit code is then 64.
request_line read_arguments(int argc, const char* const* argv);

}  // namespace holdfast::cli
