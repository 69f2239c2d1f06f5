#include "process_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

namespace holdfast::cli {
namespace {

std::optional<std::string> read_whole(const char* path) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::string text;
  char block[4096];
  for (;;) {
    const ssize_t got = ::read(file, block, sizeof block);
    if (got <= 0) break;
    text.append(block, static_cast<std::size_t>(got));
  }
  ::close(file);
  return text;
}

struct process_state {
  pid_t parent = 0;
  char state = '?';
};

// From /proc/PID/stat: `pid (comm) state ppid ...`, where comm may hold anything, a `)` too.
std::optional<process_state> state_of(pid_t pid) {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/%d/stat", static_cast<int>(pid));
  const auto text = read_whole(path);
  if (!text) return std::nullopt;
  const std::size_t end = text->rfind(')');
  process_state out;
  int parent = 0;
  if (end == std::string::npos || std::sscanf(text->c_str() + end + 1, " %c %d", &out.state, &parent) != 2)
    return std::nullopt;
  out.parent = parent;
  return out;
}

std::vector<pid_t> numbered_entries(const char* folder) {
  std::vector<pid_t> found;
  DIR* dir = ::opendir(folder);
  if (dir == nullptr) return found;
  while (const dirent* entry = ::readdir(dir)) {
    pid_t pid = 0;
    const char* end = entry->d_name + std::strlen(entry->d_name);
    const auto parsed = std::from_chars(entry->d_name, end, pid);
    if (parsed.ec == std::errc{} && parsed.ptr == end) found.push_back(pid);
  }
  ::closedir(dir);
  return found;
}

// A process whose first thread has ended looks like a zombie while its other threads run on.
bool is_dead(pid_t pid, char state) {
  if (state != 'Z' && state != 'X') return false;
  char folder[48];
  std::snprintf(folder, sizeof folder, "/proc/%d/task", static_cast<int>(pid));
  return numbered_entries(folder).size() <= 1;
}

// The kernel's own list of a thread's children: quick, but not in every kernel. False where there is none.
bool add_children_of_thread(pid_t pid, pid_t thread, std::vector<pid_t>& out) {
  char path[80];
  std::snprintf(path, sizeof path, "/proc/%d/task/%d/children", static_cast<int>(pid), static_cast<int>(thread));
  const auto text = read_whole(path);
  if (!text) return false;
  const char* at = text->c_str();
  const char* const end = at + text->size();
  while (at < end) {
    pid_t child = 0;
    const auto parsed = std::from_chars(at, end, child);
    if (parsed.ec != std::errc{}) break;
    out.push_back(child);
    at = parsed.ptr;
    while (at < end && *at == ' ') ++at;
  }
  return true;
}

bool add_children(pid_t pid, std::vector<pid_t>& out) {
  char folder[48];
  std::snprintf(folder, sizeof folder, "/proc/%d/task", static_cast<int>(pid));
  bool any = false;
  for (const pid_t thread : numbered_entries(folder)) any = add_children_of_thread(pid, thread, out) || any;
  return any;
}

// The slow way, over every process there is.
std::vector<pid_t> descendants_by_parent() {
  struct entry {
    pid_t pid;
    pid_t parent;
  };
  std::vector<entry> all;
  for (const pid_t pid : numbered_entries("/proc"))
    if (const auto state = state_of(pid)) all.push_back({pid, state->parent});
  std::vector<pid_t> found{::getpid()};
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const entry& one : all)
      if (one.parent == found[i] && one.pid != found[i]) found.push_back(one.pid);
  found.erase(found.begin());
  return found;
}

}  // namespace

std::vector<pid_t> descendants() {
  std::vector<pid_t> found;
  if (add_children(::getpid(), found)) {
    for (std::size_t i = 0; i < found.size(); ++i) add_children(found[i], found);
  } else {
    found = descendants_by_parent();
  }
  std::erase_if(found, [](pid_t pid) {
    const auto state = state_of(pid);
    return !state || is_dead(pid, state->state);
  });
  return found;
}

void signal_tree(pid_t group, int signal) {
  // Listed before anybody dies of it: a child moves to another parent when its own ends.
  const std::vector<pid_t> all = descendants();
  std::vector<pid_t> outside;
  for (const pid_t pid : all)
    if (group <= 0 || ::getpgid(pid) != group) outside.push_back(pid);
  if (group > 0) ::kill(-group, signal);
  for (const pid_t pid : outside) ::kill(pid, signal);
}

bool reap_children(const std::function<void(pid_t, int)>& heard) {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG | WUNTRACED);
    if (pid > 0) {
      heard(pid, status);
    } else if (pid == 0 || errno != EINTR) {
      return pid < 0 && errno == ECHILD;
    }
  }
}

}  // namespace holdfast::cli
