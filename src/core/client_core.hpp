#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/keeper.hpp"
#include "core/owner_id.hpp"
#include "core/store.hpp"
#include "core/tenure.hpp"
#include "holdfast/options.hpp"

namespace holdfast::core {

class resource;

/// Resources are known by their names, which lie in the resources themselves.
struct name_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>{}(name); }
  std::size_t operator()(const resource* what) const noexcept;
};
struct same_name {
  using is_transparent = void;
  bool operator()(const resource* a, const resource* b) const noexcept;
  bool operator()(const resource* a, std::string_view b) const noexcept;
  bool operator()(std::string_view a, const resource* b) const noexcept { return (*this)(b, a); }
};

/// The inside of a client: the store, the resources in use, the keeper. Shared by the client object and everything
/// that is locked through it. Thread-safe.
class client_core : public std::enable_shared_from_this<client_core> {
 public:
  /// Does no I/O. Throws holdfast::error. In a forked child the last reference leaves it as it is: its threads are not
  /// there, its mutexes may be locked for ever.
  static std::shared_ptr<client_core> open(std::string_view url, client_options options);

  ~client_core();

  /// Why nothing can be done through this client (closed, forked); ok otherwise.
  [[nodiscard]] status usable() const noexcept;
  [[nodiscard]] bool forked() const noexcept;
  [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  status close(duration within) noexcept;

  [[nodiscard]] store& at() const noexcept { return *store_; }
  [[nodiscard]] const store_traits& traits() const noexcept { return traits_; }
  [[nodiscard]] const clock& time() const noexcept { return *clock_; }
  [[nodiscard]] time_point now() const noexcept { return clock_->now(); }
  /// `when` of this client's clock as an instant of boot_clock to look again at.
  [[nodiscard]] time_point in_boot_time(time_point when) const noexcept;
  /// The instant by which a verb sent now must have ended.
  [[nodiscard]] time_point verb_limit() const noexcept { return boot_clock::now() + options_.command_timeout; }
  [[nodiscard]] duration command_timeout() const noexcept { return options_.command_timeout; }
  [[nodiscard]] const std::string& shown_url() const noexcept { return shown_url_; }
  /// A failure with where it happened: the store's URL and, if there is one, the resource.
  [[nodiscard]] status located(const status& why, std::string_view resource = {}) const;

  /// The one resource object of that name in this client, as long as somebody uses it.
  std::shared_ptr<resource> resource_of(std::string_view name);
  void forget(const resource& what) noexcept;

  /// A lease begins: the watchdog and, if it renews, the keeper look after it until stand_down.
  void look_after(tenure& what);
  void stand_down(tenure& what) noexcept;
  /// The keeper renews it now, and the watchdog knows a deadline that moved back.
  status refresh(tenure& what, duration ttl) noexcept;
  void undo(keeper::leftover what) noexcept { keeper_->undo(std::move(what)); }

  /// Hints for `owner` reach `on` from now on. Before the request is sent: a hint may overtake its answer.
  void begin_waiting(const owner_id& owner, const std::shared_ptr<resource>& on);
  /// The request stands in the store's queue: it needs heartbeats.
  void queued(const owner_id& owner, const std::string& name) { keeper_->begin_waiting(owner, name); }
  void end_waiting(const owner_id& owner) noexcept;

  void tell(event what) const noexcept;

 private:
  client_core(std::string_view url, client_options options);
  void begin();
  void hint(const owner_id& owner) noexcept;
  /// The store learnt that this lease is over.
  void lose(const owner_id& owner, const status& why) noexcept;
  [[nodiscard]] std::vector<std::shared_ptr<resource>> resources();

  const std::uint64_t forks_;
  client_options options_;
  std::shared_ptr<const clock> clock_;
  bool real_time_ = false;
  std::string shown_url_;
  std::shared_ptr<store> store_;
  store_traits traits_;
  std::unique_ptr<keeper> keeper_;
  std::atomic<bool> closed_{false};

  std::mutex resources_mutex_;
  // Each leaves it while it is destroyed: until then its weak_from_this() tells whether it still lives.
  std::unordered_set<resource*, name_hash, same_name> resources_;  // guarded by resources_mutex_
  std::mutex waiting_mutex_;
  std::unordered_map<owner_id, std::weak_ptr<resource>> waiting_;  // guarded by waiting_mutex_
};

}  // namespace holdfast::core
