#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/condition.hpp"
#include "core/store.hpp"
#include "core/tenure.hpp"
#include "core/timer_heap.hpp"

namespace holdfast::core {

/// A client's background part: renews leases, tells the store that waiters live, and goes on with releases and
/// withdrawals that no answer has confirmed. One thread, made when there is first something to keep. Thread-safe.
class keeper {
 public:
  struct surroundings {
    std::shared_ptr<store> at;
    std::shared_ptr<const clock> time;
    duration command_timeout{};
    store_traits traits;
    std::function<void(const status&)> store_failed;
    /// Looks at a waiter's request again.
    std::function<void(const owner_id&)> hint;
  };
  /// What is left to undo in the store when nobody waits for the answer any more.
  struct leftover {
    enum class kind : std::uint8_t { release, withdraw };
    kind is = kind::withdraw;
    std::string resource;
    owner_id owner;
    std::uint64_t token = 0;
    /// By then it can't be in the store any more, nor still come.
    time_point until{};
  };

  explicit keeper(surroundings of);
  keeper(const keeper&) = delete;
  /// Ends the thread once no leftover remains; does not wait for it if that takes long, or if it is its own thread.
  ~keeper();

  /// Renews `what` when it is due, until forget(). Throws std::system_error if there is no thread to be had.
  void keep(tenure& what);
  void forget(tenure& what) noexcept;
  /// Takes `what` out of the keeper's hands for a renewal for `ttl` by the caller, once the keeper's own is over; false if
  /// it was lost meanwhile. give_back() follows.
  bool borrow(tenure& what, duration ttl) noexcept;
  void give_back(tenure& what) noexcept;

  void begin_waiting(const owner_id& owner, const std::string& resource);
  void end_waiting(const owner_id& owner) noexcept;

  void undo(leftover what) noexcept;
  /// Waits until no leftover remains; false if `within` was not enough.
  bool drain(duration within) noexcept;

 private:
  class loop;
  // Shared with the thread, which may outlive this object by one call to the store.
  std::shared_ptr<loop> loop_;
};

}  // namespace holdfast::core
