#include "run.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <memory>

#include "duration_text.hpp"
#include "escape.hpp"
#include "guardian.hpp"
#include "holdfast/client.hpp"
#include "json_output.hpp"
#include "log.hpp"
#include "outcome.hpp"
#include "outcome_file.hpp"
#include "run_observer.hpp"
#include "store_choice.hpp"
#include "supervisor.hpp"
#include "wait_for_lock.hpp"

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;

/// One `holdfast run`, from its options to its outcome.
class running {
 public:
  running(const run_options& options, guardian& with, const sigset_t& watched)
      : options_{options}, guardian_{with}, watched_{watched} {
    outcome_.resource = options.name;
  }

  run_outcome go() {
    try {
      open();
      if (acquire()) hold();
    } catch (const error& failed) {
      fail(exit_code_of(status{static_cast<errc>(failed.code().value())}), failed.what());
    } catch (const std::exception& failed) {  // No thread, no file descriptor, no memory.
      fail(exit_internal, failed.what());
    }
    return std::move(outcome_);
  }

 private:
  void open() {
    auto hearing = std::make_shared<run_observer>();
    lost_event_ = hearing->lost_event();
    client_ = std::make_unique<client>(choose_store(options_.store), client_options{.observer = std::move(hearing)});
    outcome_.store = client_->store();
    if (options_.shared || options_.slots != 1)
      throw error{status{errc::unsupported, std::string{options_.shared ? "--shared" : "--slots"} + ": the store " +
                                                outcome_.store + " serves exclusive locks only"}};
  }

  bool acquire() {
    const time_point began = boot_clock::now();
    const lock_options how{.ttl = options_.ttl};
    wait_result got = wait_for_lock(*client_, lock_, options_.name, how, options_.wait, watched_);
    granted_ = boot_clock::now();
    outcome_.waited = granted_ - began;
    if (got.signal != 0) {
      outcome_.outcome = "interrupted";
      say_more("signal " + std::to_string(got.signal) + " ended the wait for `" + escape(options_.name) + "`");
      outcome_.message = std::string{"interrupted while waiting: "} + ::strsignal(got.signal);
      outcome_.exit_code = 128 + got.signal;
      return false;
    }
    if (!got.why.ok()) {
      not_acquired(got.why);
      return false;
    }
    lease_ = lock_.lease();
    outcome_.token = lease_.token().value();
    outcome_.owner = lease_.owner();
    say_more("acquired `" + escape(options_.name) + "` with token " + std::to_string(outcome_.token) + " after " +
             show_duration(outcome_.waited));
    return true;
  }

  void not_acquired(const status& why) {
    const bool busy = why == errc::busy;
    const bool timed_out = why == errc::timed_out;
    const std::string told = busy || timed_out ? "`" + escape(options_.name) + "`: " + why.message() : why.message();
    // A place in the queue that was lost: the command never ran, so it is not what exit_lost says.
    const int code = why == errc::not_held ? exit_unavailable : exit_code_of(why);
    fail(busy || timed_out ? options_.busy_code : code, told);
    if (busy) outcome_.outcome = "busy";
    if (timed_out) outcome_.outcome = "timed_out";
  }

  void hold() {
    const supervision ended = supervise(guardian_, {lease_, options_.ttl, client_->locks_outlive_program()},
                                        lost_event_, watched_, environment());
    outcome_.held = boot_clock::now() - granted_;
    // Held locally to the end, and yet not held: it was broken, or the store forgot it, while the command ran.
    const status released = lock_.release();
    judge(ended, ended.exec_error == 0 && released == errc::not_held);
    if (released.ok()) {
      say_more("released `" + escape(options_.name) + "` after " + show_duration(outcome_.held));
    } else if (!(released == errc::not_held)) {
      say("the release could not be confirmed (the lease ends by itself): " + released.message());
    }
  }

  void judge(const supervision& ended, bool was_not_held) {
    if (ended.guardian_gone) return fail(exit_internal, "the guardian process was killed; so was the command");
    if (ended.exec_error != 0)
      return fail(exit_code_of_exec_error(ended.exec_error),
                  "can't execute " + escape(options_.words.front()) + ": " + std::strerror(ended.exec_error));
    if (WIFSIGNALED(ended.wait_status)) {
      outcome_.child_signal = WTERMSIG(ended.wait_status);
    } else {
      outcome_.child_exit = WEXITSTATUS(ended.wait_status);
    }
    if (ended.lost || was_not_held) {
      fail(exit_lost, ended.lost ? "the lease was lost while the command ran; the command was ended"
                                 : "the lease was lost while the command ran: at its end somebody else could hold it");
      outcome_.outcome = "lost";
      if (ended.some_are_left) say("some of the command's processes could not be killed and may still run");
      return;
    }
    outcome_.outcome = "completed";
    outcome_.exit_code = exit_code_of_wait_status(ended.wait_status);
  }

  void fail(int exit_code, const std::string& message) {
    outcome_.outcome = "failed";
    outcome_.exit_code = exit_code;
    outcome_.message = message;
    say(message);
  }

  // NUL-ended settings, as the guardian takes them.
  [[nodiscard]] std::string environment() const {
    std::string out;
    const auto add = [&out](const char* name, const std::string& value) {
      out.append(name).append(1, '=').append(value).append(1, '\0');
    };
    add("HOLDFAST_NAME", options_.name);
    add("HOLDFAST_TOKEN", std::to_string(outcome_.token));
    add("HOLDFAST_OWNER", outcome_.owner);
    add("HOLDFAST_STORE", outcome_.store);
    return out;
  }

  const run_options& options_;
  guardian& guardian_;
  const sigset_t& watched_;
  run_outcome outcome_;
  std::unique_ptr<client> client_;
  int lost_event_ = -1;
  held_lock lock_;
  lease lease_;
  time_point granted_{};
};

}  // namespace

int run(const run_options& options) {
  be_verbose(options.verbose);
  const sigset_t watched = forwarded_signals();
  const signal_state was = take_signals(watched);
  guardian with = fork_guardian(options.words, was);
  if (with.pid < 0) {
    say(std::string{"can't start the guardian process: "} + std::strerror(errno));
    return exit_internal;
  }
  int exit_code = exit_internal;
  {
    running one{options, with, watched};
    const run_outcome outcome = one.go();
    exit_code = outcome.exit_code;
    if (!options.json_file.empty()) {
      if (const int failed = write_whole(options.json_file, to_json(outcome)); failed != 0)
        say("can't write " + escape(options.json_file) + ": " + std::strerror(failed));
    }
    dismiss(with);
  }
  return exit_code;
}

}  // namespace holdfast::cli
