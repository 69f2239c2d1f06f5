#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Real processes for tests. Every wait has a bound, and nothing outlives its test.
namespace holdfast::testing {

/// Longer than anything takes on a busy machine under a sanitizer; a wait that runs into it has failed.
inline constexpr std::chrono::seconds wait_bound{30};

/// Looks every few milliseconds until `condition` holds; false if it does not within `bound`.
bool eventually(const std::function<bool()>& condition, std::chrono::nanoseconds bound = wait_bound);

/// A folder of its own, removed with all that is in it.
class temporary_folder {
 public:
  enum class place : std::uint8_t {
    disk,   ///< /tmp
    memory  ///< /dev/shm where it has room, else /tmp: for servers, whose files are most of what their tests cost.
  };
  explicit temporary_folder(place where = place::disk);
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string read_file(const std::string& path);  ///< Empty if there is none.
void write_file(const std::string& path, const std::string& text);
bool file_exists(const std::string& path);
/// Whether the process is there and no zombie.
bool process_alive(pid_t pid);

struct launch {
  std::vector<std::string> words;  ///< The command, looked up in $PATH, and its arguments.
  std::vector<std::pair<std::string, std::string>> environment;  ///< Set on top of ours; an empty value unsets.
  std::string input = "/dev/null";
  /// Empty: a session of the caller's. Else this terminal becomes stdin, stdout, stderr and the controlling one of a new session.
  std::string terminal;
  std::vector<int> ignored_signals;
  /// A process group of its own, as a shell gives a job: not orphaned, so that it can be stopped as one.
  bool own_group = false;
};

/// A child process with its output in files. Killed and reaped by the destructor.
class process {
 public:
  process(const launch& what, const std::string& output_folder);
  process(process&&) noexcept;
  process& operator=(process&&) = delete;
  ~process();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] bool running();
  void signal(int number) const;
  /// The exit code as the shell has it (128+N). Kills it, and answers -1, if it does not end within `bound`.
  int wait(std::chrono::nanoseconds bound = wait_bound);
  [[nodiscard]] std::string out() const { return read_file(out_); }
  [[nodiscard]] std::string err() const { return read_file(err_); }

 private:
  std::string out_;
  std::string err_;
  pid_t pid_ = -1;
  std::optional<int> code_;
};

}  // namespace holdfast::testing
