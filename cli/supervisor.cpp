#include "supervisor.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "log.hpp"
#include "process_tree.hpp"
#include "terminal.hpp"

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;

/// The guardian gives up on what it can't kill 5 s after the deadline. One that is silent for longer is not there.
constexpr duration guardian_silence = 7s;
constexpr duration orphans_patience = 5s;

class supervisor {
 public:
  supervisor(const guardian& with, const lease& lease, duration ttl, int lost_event, const sigset_t& watched)
      : guardian_{with},
        lease_{lease},
        tick_{std::clamp<duration>(ttl / 20, 50ms, 1s)},
        lost_event_{lost_event},
        signals_{::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK)} {}
  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;
  ~supervisor() { ::close(signals_); }

  supervision run(const supervised_lease& what, const std::string& environment) {
    terminal_ = terminal_is_ours();
    deadline_ = lease_.deadline();
    const guardian_message go{.word = guardian_word::go,
                              .value = terminal_ ? 1 : 0,
                              .flags = what.outlives_us ? 0 : free_when_gone,
                              .deadline = deadline_.time_since_epoch().count(),
                              .grace = grace_of(what.ttl).count(),
                              .margin = margin_of(what.ttl).count()};
    send_message(guardian_.socket, go, environment);  // a guardian that is gone is met in the loop
    while (!over_) turn();
    if (terminal_) take_terminal_back();
    return result_;
  }

 private:
  void turn() {
    pollfd watched[3] = {{guardian_.socket, POLLIN, 0}, {signals_, POLLIN, 0}, {lost_event_, POLLIN, 0}};
    const int ready = ::poll(watched, 3, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(tick_).count()));
    if (ready > 0 && watched[0].revents != 0) on_link();
    if (over_) return;
    if (ready > 0 && watched[1].revents != 0) on_signals();
    if (ready > 0 && watched[2].revents != 0) on_lost();
    pass_on_deadline();
    mistrust_guardian();
  }

  void on_link() {
    guardian_message what;
    std::string_view tail;
    while (!over_) {
      switch (receive_message(guardian_.socket, what, nullptr, 0, tail)) {
        case receipt::none:
          return;
        case receipt::closed:
          on_guardian_gone();
          return;
        case receipt::message:
          on_message(what);
          break;
      }
    }
  }

  void on_message(const guardian_message& what) {
    switch (what.word) {
      case guardian_word::started:
        child_ = what.value;
        break;
      case guardian_word::stopped:
        on_stopped(what.value);
        break;
      case guardian_word::exec_failed:
        result_.exec_error = what.value;
        over_ = true;
        break;
      case guardian_word::ended:
        result_.wait_status = what.value;
        result_.lost = (what.flags & ended_by_guardian) != 0;
        result_.some_are_left = (what.flags & some_are_left) != 0;
        over_ = true;
        break;
      default:
        break;
    }
  }

  void on_signals() {
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof info) == sizeof info) {
      const int signal = static_cast<int>(info.ssi_signo);
      if (signal == SIGCONT) lend_terminal_if_ours();
      forward(signal);
    }
  }

  // The lease is gone, perhaps to another holder already (`holdfast break`): no grace.
  void on_lost() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(lost_event_, &count, sizeof count);
    send_message(guardian_.socket, guardian_message{.word = guardian_word::kill});
  }

  // A terminal (or somebody who acts like one) stopped the command: stop along with it, so that the shell sees its job
  // stopped, and go on together. Nobody renews meanwhile, so the guardian ends the command at the deadline.
  void on_stopped(int signal) {
    if (!is_job_stop(signal)) return;
    if (terminal_) take_terminal_back();
    // From the terminal it was meant for the whole job, of which only the command has heard. Otherwise it was sent to us, or
    // by the terminal to each of the job.
    if (terminal_ || signal != SIGTSTP) {
      stop_own_group(signal);
    } else {
      stop_self(signal);
    }
    // A group that nobody could continue does not stop; then a command that asks again and again must not keep us busy.
    if (signal != SIGTSTP) std::this_thread::sleep_for(100ms);
    lend_terminal_if_ours();
    forward(SIGCONT);
  }

  void lend_terminal_if_ours() {
    if (child_ <= 0 || !terminal_is_ours()) return;
    terminal_ = true;
    lend_terminal(child_);
  }

  void forward(int signal) {
    send_message(guardian_.socket, guardian_message{.word = guardian_word::signal, .value = signal});
  }

  void pass_on_deadline() {
    const time_point deadline = lease_.deadline();
    if (deadline <= deadline_) return;
    const guardian_message what{.word = guardian_word::deadline, .deadline = deadline.time_since_epoch().count()};
    if (send_message(guardian_.socket, what)) deadline_ = deadline;
  }

  // The guardian kills in time. Should it be stopped or stuck, we do what we can ourselves.
  void mistrust_guardian() {
    const time_point now = boot_clock::now();
    if (child_ > 0 && now >= deadline_) ::kill(-child_, SIGKILL);
    if (now >= deadline_ + guardian_silence) ::kill(guardian_.pid, SIGKILL);
  }

  // Its child died with it (PDEATHSIG), and the orphans came to us, the next subreaper up.
  void on_guardian_gone() {
    result_.guardian_gone = true;
    over_ = true;
    const time_point give_up = boot_clock::now() + orphans_patience;
    while (boot_clock::now() < give_up) {
      signal_tree(child_, SIGKILL);
      if (reap_children([this](pid_t pid, int) { child_ = pid == child_ ? 0 : child_; })) return;
      std::this_thread::sleep_for(2ms);
    }
    result_.some_are_left = true;
  }

  const guardian& guardian_;
  const lease& lease_;
  const duration tick_;
  const int lost_event_;
  const int signals_;
  bool over_ = false;
  bool terminal_ = false;
  pid_t child_ = 0;
  time_point deadline_{};  // the one that the guardian knows
  supervision result_;
};

}  // namespace

supervision supervise(const guardian& with, const supervised_lease& what, int lost_event, const sigset_t& watched,
                      const std::string& environment) {
  return supervisor{with, what.lease, what.ttl, lost_event, watched}.run(what, environment);
}

void dismiss(guardian& which) noexcept {
  if (which.pid <= 0) return;
  ::close(which.socket);
  if (::waitpid(which.pid, nullptr, WNOHANG) == 0) {  // else it is reaped, and the pid may be another's
    ::kill(which.pid, SIGKILL);
    ::waitpid(which.pid, nullptr, 0);
  }
  which = {};
}

}  // namespace holdfast::cli
