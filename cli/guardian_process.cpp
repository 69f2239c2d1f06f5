#include "guardian_process.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>

#include "guardian_link.hpp"
#include "process_tree.hpp"
#include "spawn.hpp"

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;

/// How long to go on killing what does not die (uninterruptible sleep, another user's process).
constexpr duration patience = 5s;
/// The go message's environment: a name, a token, an owner and a URL.
constexpr std::size_t tail_room = std::size_t{64} * 1024;

time_point now() noexcept {
  timespec at{};
  ::clock_gettime(CLOCK_BOOTTIME, &at);
  return time_point{std::chrono::seconds{at.tv_sec} + duration{at.tv_nsec}};
}

class guardian_process {
 public:
  guardian_process(int socket, const std::vector<std::string>& words, const signal_state& was, pid_t terminal_group)
      : socket_{socket}, was_{was}, terminal_group_{terminal_group}, command_{words} {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    signals_ = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    timer_ = ::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  }

  int run() {
    if (signals_ < 0 || timer_ < 0) return 1;
    while (phase_ != phase::over) {
      arm();
      pollfd watched[3] = {{holdfast_gone_ ? -1 : socket_, POLLIN, 0}, {signals_, POLLIN, 0}, {timer_, POLLIN, 0}};
      if (::poll(watched, 3, -1) < 0) continue;
      // The children first: a command that ended in time has ended in time.
      if (watched[1].revents != 0) on_child_signal();
      if (watched[0].revents != 0) on_link();
      if (watched[2].revents != 0) on_timer();
    }
    return 0;
  }

 private:
  enum class phase {
    idle,  // no command yet
    running,
    ending,   // asked to end by SIGTERM; killed at kill_at_
    killing,  // SIGKILL, again and again until nobody is left
    over,
  };

  // --- what happens

  void on_link() {
    guardian_message what;
    std::string_view tail;
    for (;;) {
      switch (receive_message(socket_, what, room_.get(), tail_room, tail)) {
        case receipt::none:
          return;
        case receipt::closed:
          on_holdfast_gone();
          return;
        case receipt::message:
          on_message(what, tail);
          break;
      }
    }
  }

  void on_message(const guardian_message& what, std::string_view tail) {
    switch (what.word) {
      case guardian_word::go:
        start(what, tail);
        break;
      case guardian_word::deadline:
        set_deadline(time_point{duration{what.deadline}});
        break;
      case guardian_word::signal:
        if (child_ > 0 && !child_over_) ::kill(-child_, what.value);
        break;
      case guardian_word::kill:
        if (phase_ == phase::running || phase_ == phase::ending) begin_killing();
        break;
      default:
        break;
    }
  }

  void on_holdfast_gone() {
    holdfast_gone_ = true;
    if (phase_ == phase::idle) phase_ = phase::over;
    if ((phase_ == phase::running || phase_ == phase::ending) && free_when_gone_) return begin_killing();
    // Nobody renews any more. What is left of the lease is the command's to tidy up in.
    if (phase_ == phase::running) begin_ending(std::min(deadline_ - margin_, now() + grace_));
  }

  void on_timer() {
    std::uint64_t times = 0;
    [[maybe_unused]] const ssize_t got = ::read(timer_, &times, sizeof times);
    const time_point at = now();
    if (phase_ == phase::running && at >= deadline_ - grace_) begin_ending(deadline_ - margin_);
    if (phase_ == phase::ending && at >= kill_at_) begin_killing();
    if (phase_ == phase::killing) kill_on(at);
  }

  void on_child_signal() {
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof info) > 0) {
    }
    reap();
    if (phase_ == phase::running) {
      if (child_over_) finish(0);
    } else {
      finish_if_none_left();
    }
  }

  // --- what is done

  void start(const guardian_message& what, std::string_view environment) {
    if (phase_ != phase::idle) return;
    deadline_ = time_point{duration{what.deadline}};
    grace_ = duration{what.grace};
    margin_ = duration{what.margin};
    terminal_ = what.value != 0;
    free_when_gone_ = (what.flags & free_when_gone) != 0;
    if (now() >= deadline_ - margin_) return finish(ended_by_guardian);
    command_.set_environment(environment);
    int error = 0;
    const pid_t pid = command_.spawn(was_, terminal_, error);
    if (error != 0) {
      if (pid > 0) ::waitpid(pid, nullptr, 0);
      tell(guardian_word::exec_failed, error);
      phase_ = phase::over;
      return;
    }
    child_ = pid;
    phase_ = phase::running;
    tell(guardian_word::started, pid);
  }

  // Once it has been asked to end, the command ends by the deadline that stood then: a renewal that came too late
  // must not let it linger.
  void set_deadline(time_point deadline) {
    if (phase_ == phase::running) deadline_ = std::max(deadline_, deadline);
  }

  void begin_ending(time_point kill_at) {
    phase_ = phase::ending;
    kill_at_ = kill_at;
    signal_tree(child_, SIGTERM);
    ::kill(-child_, SIGCONT);  // a stopped one can't tidy up
  }

  void begin_killing() {
    phase_ = phase::killing;
    const time_point at = now();
    give_up_at_ = std::max(at, deadline_) + patience;
    kill_on(at);
  }

  void kill_on(time_point at) {
    // The group's number stays ours as long as its leader is not reaped; reaped, the walk alone finds who is left.
    signal_tree(child_over_ ? 0 : child_, SIGKILL);
    reap();
    finish_if_none_left();
    if (phase_ != phase::killing) return;
    if (at >= give_up_at_) return finish(ended_by_guardian | some_are_left);
    pause_ = std::min<duration>(pause_ * 2, 50ms);
    next_kill_ = at + pause_;
  }

  void reap() {
    none_left_ = reap_children([this](pid_t pid, int status) {
      if (pid != child_) return;
      if (WIFSTOPPED(status)) return tell(guardian_word::stopped, WSTOPSIG(status));
      child_over_ = true;
      child_status_ = status;
    });
  }

  // Whoever is orphaned becomes our child, so without children there are no descendants either.
  void finish_if_none_left() {
    if (child_over_ && none_left_) finish(ended_by_guardian);
  }

  void finish(std::int32_t flags) {
    guardian_message what{.word = guardian_word::ended, .value = child_status_, .flags = flags};
    if (!holdfast_gone_) send_message(socket_, what);
    if (holdfast_gone_ && terminal_) ::tcsetpgrp(STDIN_FILENO, terminal_group_);
    phase_ = phase::over;
  }

  void tell(guardian_word word, std::int32_t value) {
    if (!holdfast_gone_) send_message(socket_, guardian_message{.word = word, .value = value});
  }

  void arm() {
    time_point at{};
    if (phase_ == phase::running) at = deadline_ - grace_;
    if (phase_ == phase::ending) at = kill_at_;
    if (phase_ == phase::killing) at = next_kill_;
    if (at == armed_) return;
    armed_ = at;
    const auto since = std::max<duration>(at.time_since_epoch(), duration{1});  // zero would disarm it
    itimerspec when{};
    when.it_value.tv_sec = static_cast<time_t>(since / 1s);
    when.it_value.tv_nsec = static_cast<long>((since % 1s).count());
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
  }

  const int socket_;
  const signal_state& was_;
  const pid_t terminal_group_;
  command command_;
  int signals_ = -1;
  int timer_ = -1;
  phase phase_ = phase::idle;
  bool holdfast_gone_ = false;
  bool free_when_gone_ = false;
  bool terminal_ = false;
  pid_t child_ = 0;
  bool child_over_ = false;
  bool none_left_ = false;
  int child_status_ = 0;
  time_point deadline_{};
  duration grace_{};
  duration margin_{};
  time_point kill_at_{};
  time_point next_kill_{};
  time_point give_up_at_{};
  duration pause_ = 1ms;
  time_point armed_{};
  std::unique_ptr<char[]> room_ = std::make_unique_for_overwrite<char[]>(tail_room);
};

}  // namespace

int guard(int socket, const std::vector<std::string>& words, const signal_state& was, pid_t terminal_group) noexcept {
  try {
    return guardian_process{socket, words, was, terminal_group}.run();
  } catch (...) {
    return 1;  // out of memory; PDEATHSIG takes the command along
  }
}

}  // namespace holdfast::cli
