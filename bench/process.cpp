#include "process.hpp"

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace holdfast::bench {

pid_t start(const std::vector<std::string>& words, int input, int output) {
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input >= 0) posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  if (output >= 0) posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t made = -1;
  const int failed = posix_spawnp(&made, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::system_error{failed, std::generic_category(), "cannot start " + words[0]};
  return made;
}

ended wait_for(pid_t process) {
  int how = 0;
  rusage used{};
  while (wait4(process, &how, 0, &used) < 0)
    if (errno != EINTR) throw std::system_error{errno, std::generic_category(), "wait4"};
  const auto seconds = [](const timeval& span) {
    return static_cast<double>(span.tv_sec) + static_cast<double>(span.tv_usec) / 1e6;
  };
  return {.exit_code = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how),
          .cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime),
          .peak_kib = used.ru_maxrss};
}

ended run_to_end(const std::vector<std::string>& words) {
  const auto how = wait_for(start(words));
  if (how.exit_code != 0)
    throw std::runtime_error{words[0] + " ended with " + std::to_string(how.exit_code) + ", not 0"};
  return how;
}

}  // namespace holdfast::bench
