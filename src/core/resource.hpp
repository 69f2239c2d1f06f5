#pragma once

#include <forward_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/acquisition.hpp"
#include "core/condition.hpp"
#include "core/gate.hpp"
#include "core/turn.hpp"
#include "holdfast/options.hpp"
#include "holdfast/status.hpp"

namespace holdfast::core {

class client_core;

/// One resource as this client's threads see it: it carries out what the gate decides. Thread-safe.
class resource : public std::enable_shared_from_this<resource> {
 public:
  resource(std::string name, client_core& of);
  ~resource();
  resource(const resource&) = delete;
  resource& operator=(const resource&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Waits for a turn as `wait` says. On success `out` is that turn.
  status acquire(const std::shared_ptr<client_core>& client, const lock_options& options, const wait_options& wait,
                 std::shared_ptr<turn>& out);
  /// Ends `what`: passes the tenure on, or releases it with one bounded try. Does nothing if it has ended before.
  status end(turn& what, time_point by) noexcept;
  status refresh(turn& what, duration ttl) noexcept;

  /// "Look again at your request."
  void hint() noexcept;
  void wake_all() noexcept;
  /// The store says that this owner's lease is over: if it is the current turn's, that is lost.
  void lose(const owner_id& owner, const status& why) noexcept;
  /// The client closes: ends the current turn and tells its `lost`. True if the store confirmed it.
  bool close(client_core& client, time_point by) noexcept;

 private:
  struct seat;  // one thread that waits here
  using guard = std::unique_lock<std::mutex>;

  std::optional<status> step(guard& lock, seat& me, std::shared_ptr<turn>& out);
  /// Something threw (no memory): `me` leaves nothing behind, here or in the store.
  void abandon(seat& me) noexcept;
  std::optional<status> drive(guard& lock, seat& me, std::shared_ptr<turn>& out);
  std::optional<status> pause(guard& lock, seat& me);
  void carry_out(guard& lock, const seat& me);
  [[nodiscard]] time_point verb_end(const seat& me, acquire_machine::todo what) const noexcept;
  status settle(guard& lock, seat& me, std::shared_ptr<turn>& out);
  status granted(guard& lock, seat& me, std::shared_ptr<turn>& out);
  status leave(guard& lock, seat& me, status why);
  void begin(seat& me);
  void retire(seat& me) noexcept;  // the acquisition is over: nothing of it is left here
  void sit(guard& lock, seat& me, time_point until);
  void wake(gate::ticket who) noexcept;
  void wake_first() noexcept { wake(gate_.first()); }
  status pass(guard& lock, turn& what, const gate::next_turn& next);
  status release(guard& lock, turn& what, time_point by) noexcept;

  const std::string name_;
  client_core& client_;  // outlives this: whoever shares a resource shares the client too

  std::mutex mutex_;
  gate gate_;  // guarded by mutex_, like all below
  std::forward_list<seat*> seats_;
  std::unique_ptr<acquisition> acquisition_;  // while a request is under way
  std::weak_ptr<turn> current_;
};

}  // namespace holdfast::core
