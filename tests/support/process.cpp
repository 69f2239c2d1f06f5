#include "support/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> out;
  const auto changed = [&changes](std::string_view setting) {
    for (const auto& [name, value] : changes)
      if (setting.substr(0, setting.find('=')) == name) return true;
    return false;
  };
  for (char** setting = environ; *setting != nullptr; ++setting)
    if (!changed(*setting)) out.emplace_back(*setting);
  for (const auto& [name, value] : changes)
    if (!value.empty()) out.emplace_back(name).append("=").append(value);
  return out;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

bool memory_has_room() {
  constexpr unsigned long enough_bytes = 4UL << 30;
  struct statvfs space {};
  return ::statvfs("/dev/shm", &space) == 0 && space.f_bavail * space.f_frsize >= enough_bytes;
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::nanoseconds bound) {
  const auto end = std::chrono::steady_clock::now() + bound;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

temporary_folder::temporary_folder(place where) {
  std::string name =
      (where == place::memory && memory_has_room() ? "/dev/shm" : "/tmp") + std::string{"/holdfast-test-XXXXXX"};
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp: " + std::string{std::strerror(errno)}};
  path_ = name;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file{path, std::ios::binary};
  file << text;
  if (!file.flush()) throw std::runtime_error{"can't write " + path};
}

bool file_exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool process_alive(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t end = stat.rfind(')');
  return end != std::string::npos && end + 2 < stat.size() && stat[end + 2] != 'Z' && stat[end + 2] != 'X';
}

process::process(const launch& what, const std::string& output_folder) {
  static std::atomic<int> count{0};
  const std::string base = output_folder + "/process-" + std::to_string(++count);
  out_ = base + ".out";
  err_ = base + ".err";
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  if (what.terminal.empty()) {
    posix_spawn_file_actions_addopen(&files, 0, what.input.c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, out_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    posix_spawn_file_actions_addopen(&files, 2, err_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  } else {
    posix_spawn_file_actions_addopen(&files, 0, what.terminal.c_str(), O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&files, 0, 1);
    posix_spawn_file_actions_adddup2(&files, 0, 2);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  // A shell starts what runs in its background with these ignored.
  sigset_t ordinary;
  sigemptyset(&ordinary);
  for (const int number : {SIGINT, SIGQUIT})
    if (std::find(what.ignored_signals.begin(), what.ignored_signals.end(), number) == what.ignored_signals.end())
      sigaddset(&ordinary, number);
  posix_spawnattr_setsigdefault(&attributes, &ordinary);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (!what.terminal.empty()) flags = static_cast<short>(flags | POSIX_SPAWN_SETSID);
  if (what.own_group) flags = static_cast<short>(flags | POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setflags(&attributes, flags);

  // posix_spawn knows how to set signals to their default only: ignore them here while it runs.
  std::vector<std::pair<int, struct sigaction>> before;
  for (const int number : what.ignored_signals) {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    before.emplace_back(number, ignore);
    ::sigaction(number, &ignore, &before.back().second);
  }
  const std::vector<std::string> environment = environment_with(what.environment);
  const int error = ::posix_spawnp(&pid_, what.words.front().c_str(), &files, &attributes, pointers(what.words).data(),
                                   pointers(environment).data());
  for (const auto& [number, action] : before) ::sigaction(number, &action, nullptr);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) throw std::runtime_error{"can't start " + what.words.front() + ": " + std::strerror(error)};
}

process::process(process&& from) noexcept
    : out_{std::move(from.out_)}, err_{std::move(from.err_)}, pid_{std::exchange(from.pid_, -1)}, code_{from.code_} {}

process::~process() {
  if (pid_ <= 0 || code_) return;
  ::kill(pid_, SIGKILL);
  ::kill(pid_, SIGCONT);
  ::waitpid(pid_, nullptr, 0);
}

bool process::running() {
  if (code_) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  code_ = code_of(status);
  return false;
}

void process::signal(int number) const {
  if (pid_ > 0 && !code_) ::kill(pid_, number);
}

int process::wait(std::chrono::nanoseconds bound) {
  if (!eventually([this] { return !running(); }, bound)) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    code_ = -1;
  }
  return *code_;
}

}  // namespace holdfast::testing
