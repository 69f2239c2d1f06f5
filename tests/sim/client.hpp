#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/acquire_machine.hpp"
#include "core/gate.hpp"
#include "core/lease_machine.hpp"
#include "network.hpp"

namespace holdfast::sim {

/// One client with its threads, as the real one would be, but that it waits in no thread: the shipped gate, acquisition
/// and lease machines, and drivers around them that carry out what these decide.
class client {
 public:
  struct plan {
    std::uint64_t number = 0;  ///< Also its session at the store.
    std::size_t threads = 1;
    std::size_t resources = 1;
    std::size_t turns = 1;  ///< Of each thread.
    duration patience{};
    core::gate::bounds passing{};
    sabotage broken = sabotage::none;
  };

  client(timeline& time, rng& dice, network& net, server& store, judge& court, const plan& what);
  void start();

  /// The store's hint came in.
  void hinted(const core::owner_id& owner);
  void crash();
  void pause(duration how_long);
  [[nodiscard]] bool done() const;
  [[nodiscard]] bool crashed() const noexcept { return crashed_; }
  /// For a violation's message: who still waits for what.
  [[nodiscard]] std::string unfinished() const;

 private:
  using acquire_machine = core::acquire_machine;
  struct slot;

  /// A thread of the user's.
  struct asker {
    std::size_t number = 0;
    std::size_t turns_left = 0;
    std::uint64_t waits = 0;  ///< Tells one wait's timer from the next one's.
    slot* where = nullptr;    ///< While it waits or has its turn.
    core::gate::ticket ticket = 0;
    core::gate::ask ask;
    bool wants_to_wait = true;
    bool stop = false;  ///< Its patience is over.
    bool in_turn = false;
  };
  /// One request to the store, driven by whoever is first at the gate.
  struct pursuit {
    acquire_machine machine;
    core::request what;
    core::gate::ticket driver = 0;
    std::uint64_t pauses = 0;  ///< The number of its latest pause, of all that this client made.
    time_point last_sent;
    bool wait = true;
    bool paused = false;
    bool hint = false;     ///< Came while the driver was busy.
    bool leaving = false;  ///< Its driver gave up and nobody took over.
    time_point executed;   ///< When the answer that was read last was given,
    time_point read;       ///< and when it was read.
  };
  /// A lease that was granted, until it is released.
  struct tenure {
    core::request what;
    core::lease_machine lease;
    std::shared_ptr<tenure_record> record;
    std::uint64_t token = 0;
    std::uint32_t offset = 0;
    time_point last_sent;
    duration asked_for{};  ///< By the last renewal.
    duration longest_ttl{};
    std::optional<duration> refresh;  ///< Wanted by the user.
    std::uint64_t timers = 0;
    time_point checked_at{};
    bool renewing = false;
    bool over = false;
  };
  /// What the threads of this client share on one resource.
  struct slot {
    std::size_t resource = 0;
    core::gate gate;
    std::unique_ptr<pursuit> request;
    std::shared_ptr<tenure> lease;
  };

  // The threads.
  void rest(asker& who);
  void arrive(asker& who);
  void out_of_patience(asker& who, std::uint64_t wait);
  void end_wait(asker& who, bool served);
  void begin_turn(asker& who);
  void end_turn(asker& who);
  asker* by_ticket(const slot& where, core::gate::ticket ticket);

  // The acquisition's driver.
  void wake(slot& where);
  void begin_request(slot& where, asker& driver);
  void next(slot& where, acquire_machine::step step);
  bool stop_driver(slot& where, acquire_machine::step& step);
  void carry_out(slot& where, acquire_machine::step step);
  void send(slot& where, bool claim);
  void send_withdraw(slot& where);
  void pause_request(slot& where, time_point until);
  void finish(slot& where);
  void start_lease(slot& where, asker& driver);
  void heartbeat();

  // The lease's driver.
  void watch(const std::shared_ptr<tenure>& it);
  void renew(const std::shared_ptr<tenure>& it);
  void on_renewal(const std::shared_ptr<tenure>& it, core::renew_verdict verdict, time_point sent, duration ttl,
                  bool owner_held);
  void note_loss(tenure& it);
  void release(slot& where);

  // The keeper's left-overs.
  void keep_withdrawing(const core::request& what, time_point until);
  void keep_releasing(const core::request& what, std::uint64_t token, time_point until);

  // The process.
  void receive(std::function<void()> what);
  void later(duration pause, std::function<void()> what);
  [[nodiscard]] core::owner_id new_owner() { return {plan_.number + 1, ++owners_}; }
  [[nodiscard]] std::string me() const { return "client " + std::to_string(plan_.number); }

  timeline& time_;
  rng& dice_;
  network& net_;
  server& store_;
  judge& court_;
  plan plan_;
  link main_;
  link keeper_;
  std::vector<std::unique_ptr<asker>> threads_;
  std::vector<std::unique_ptr<slot>> slots_;
  std::deque<std::function<void()>> inbox_;  ///< What came while the process was stopped.
  std::uint64_t owners_ = 0;
  std::uint64_t pauses_ = 0;
  std::size_t keeping_ = 0;
  bool crashed_ = false;
  bool paused_ = false;
};

}  // namespace holdfast::sim
