#include "spawn.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

extern char** environ;

namespace holdfast::cli {
namespace {

std::vector<std::string> candidates(const std::string& file) {
  if (file.empty() || file.find('/') != std::string::npos) return {file};
  const char* variable = std::getenv("PATH");
  std::string_view path = variable == nullptr ? "/bin:/usr/bin" : variable;
  std::vector<std::string> out;
  for (;;) {
    const std::size_t colon = path.find(':');
    const std::string_view folder = path.substr(0, colon);
    out.push_back(folder.empty() ? file : std::string{folder} + "/" + file);
    if (colon == std::string_view::npos) return out;
    path.remove_prefix(colon + 1);
  }
}

// Whether the next folder of $PATH may be tried after this errno.
bool not_here(int error) noexcept {
  return error == ENOENT || error == ENOTDIR || error == EACCES || error == ESTALE || error == ENODEV ||
         error == ETIMEDOUT || error == ENAMETOOLONG;
}

std::string_view name_of(std::string_view setting) noexcept { return setting.substr(0, setting.find('=')); }

struct plan {
  const std::vector<char*>& paths;
  char* const* words;
  char* const* environment;
  const signal_state& was;
  pid_t parent;
  bool terminal;
};

// Between vfork and exec: system calls only, nothing that the parent's memory would notice but `error`.
[[noreturn]] void become(const plan& what, volatile int& error) noexcept {
  ::setpgid(0, 0);
  if (what.terminal) ::tcsetpgrp(STDIN_FILENO, ::getpid());  // SIGTTOU is still blocked
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != what.parent) ::_exit(1);
  give_signals_back(what.was);
  int denied = 0;
  int last = ENOENT;
  for (char* path : what.paths) {
    ::execve(path, what.words, what.environment);
    last = errno;
    if (last == EACCES) denied = last;
    if (!not_here(last)) break;
  }
  error = denied != 0 && not_here(last) ? denied : last;
  ::_exit(1);
}

// A function of its own: what vfork's child might clobber is all in the caller's frame. The child borrows the parent's memory, which
// saves copying its page tables.
pid_t start(const plan& what, volatile int& error) noexcept {
  const pid_t pid = ::vfork();
  if (pid == 0) become(what, error);
  if (pid < 0) error = errno;
  return pid;
}

}  // namespace

command::command(std::vector<std::string> words) : words_{std::move(words)}, paths_{candidates(words_.front())} {}

void command::set_environment(std::string_view strings) {
  set_.clear();
  while (!strings.empty()) {
    const std::size_t end = strings.find('\0');
    set_.emplace_back(strings.substr(0, end));
    if (end == std::string_view::npos) break;
    strings.remove_prefix(end + 1);
  }
}

pid_t command::spawn(const signal_state& was, bool terminal, int& error) const {
  std::vector<char*> words;
  for (const std::string& word : words_) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::vector<char*> environment;
  for (char** setting = environ; *setting != nullptr; ++setting) {
    bool replaced = false;
    for (const std::string& own : set_) replaced = replaced || name_of(own) == name_of(*setting);
    if (!replaced) environment.push_back(*setting);
  }
  for (const std::string& own : set_) environment.push_back(const_cast<char*>(own.c_str()));
  environment.push_back(nullptr);
  std::vector<char*> paths;
  for (const std::string& path : paths_) paths.push_back(const_cast<char*>(path.c_str()));

  volatile int failed = 0;
  const pid_t pid = start({paths, words.data(), environment.data(), was, ::getpid(), terminal}, failed);
  error = failed;
  return pid;
}

}  // namespace holdfast::cli
