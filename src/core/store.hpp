#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/owner_id.hpp"
#include "core/url.hpp"
#include "holdfast/clock.hpp"
#include "holdfast/inspection.hpp"
#include "holdfast/status.hpp"

/// The boundary between the core and the stores. Each verb is one round trip on the calling thread that ends by its
/// deadline (`by`, of boot_clock); it never waits for a holder. A store is called by many threads at once.
namespace holdfast::core {

enum class lock_mode : std::uint8_t { exclusive, shared };

/// What one tenure asks for. It is sent again, unchanged but for `by`, whenever an answer was lost.
struct request {
  std::string resource;
  owner_id owner;
  lock_mode mode = lock_mode::exclusive;
  std::uint32_t capacity = 1;
  duration ttl{};
  /// Whether the lease will be renewed for as long as it is held: a store that renews many leases together wants to
  /// know it beforehand.
  bool renews = true;
  /// Tokens to set aside beyond the one granted, for the turns that the local gate adds: the store's last token
  /// becomes `token + reserve` at the grant, and `release` writes back the highest used.
  std::uint32_t reserve = 0;
  /// Who asks (core/party_text.hpp); the store keeps it for `inspect` and does not read it.
  std::string party;
};

/// A lease as renew and release name it: always with its owner.
struct lease_ref {
  std::string_view resource;
  owner_id owner;
  duration ttl{};  ///< For renew: the ttl from now on.
  std::uint64_t token = 0;
};

struct waiter_ref {
  std::string_view resource;
  owner_id owner;
};

/// The answer to acquire and claim.
struct turn_answer {
  enum class outcome : std::uint8_t {
    granted,  ///< `token`, `ttl` and `sent` hold.
    queued,   ///< In the queue (acquire), still in the queue (claim). `position` (0 = head) and `look_again` hold.
    busy,     ///< Not granted, and `wait` was false. Nothing is left in the store.
    gone,     ///< Claim only: the store knows neither a ticket nor a hand-off of this owner.
    failed,   ///< `why` holds; if `unknown`, the verb may have been carried out all the same.
  };
  outcome is = outcome::failed;
  bool unknown = false;
  std::uint32_t position = 0;
  std::uint64_t token = 0;
  duration ttl{};         ///< As granted; a store may grant more than asked.
  time_point sent{};      ///< Just before the attempt whose answer this is was written to the store. Where leases are
                          ///< shared: before the last confirmed renewal of the one that carries the grant.
  duration look_again{};  ///< When to claim unasked: no hint may come by then (the holder's lease may run out).
  /// With `failed`. Also with `busy` (errc::busy) or `queued` (errc::timed_out: told if the wait ends so), where the
  /// holder will not let go by itself.
  status why;
};

enum class renew_verdict : std::uint8_t { renewed, lost, unknown };

/// The answer to renew: the verdicts are beside it. `why` tells of the unknown ones.
struct renew_answer {
  time_point sent{};
  status why;
};

enum class wait_verdict : std::uint8_t {
  waiting,
  your_turn,  ///< A hand-off awaits its claim.
  gone,       ///< The ticket is not there (any more): acquire again.
  unknown,
};

struct release_answer {
  enum class outcome : std::uint8_t { released, not_held, failed };
  outcome is = outcome::failed;
  bool unknown = false;
  status why;
};

struct withdraw_answer {
  bool done = false;
  /// False while an acquire of this owner that was sent before may still arrive: ask again until it can't.
  bool conclusive = true;
  status why;
};

/// What the core has to know of a store to pace itself.
struct store_traits {
  bool reserves_tokens = true;  ///< Whether request.reserve is honoured.
  bool serves_shared = false;   ///< Whether lock_mode::shared and capacities over 1 are.
  bool changes_ttl = true;      ///< Whether renew takes another ttl than the lease was granted with.
  bool shares_leases = false;   ///< Whether one lease of the store's may carry many grants.
  bool outlives_client =
      true;                    ///< Whether a lease stands for its ttl when its client is gone; else it is free at once.
  duration claim_window{};     ///< How long a hand-off waits for its claim.
  duration heartbeat_every{};  ///< Zero: waiters need no heartbeat.
  duration shortest_ttl = std::chrono::milliseconds{100};
};

class HOLDFAST_EXPORT store {
 public:
  /// "Look again at this request"; nil means "at all of them". A hint: it may be late, lost, repeated or wrong.
  using turn_callback = std::function<void(const owner_id&)>;

  store() = default;
  store(const store&) = delete;
  store& operator=(const store&) = delete;
  /// May run on any thread, the store's own listener included.
  virtual ~store();

  [[nodiscard]] virtual store_traits traits() const noexcept = 0;
  /// Set once, before the first verb. Called on a thread of the store's, which it must not block.
  virtual void on_turn(turn_callback callback) = 0;
  /// "This owner's lease is over", from a store that learns so unasked. A hint as on_turn's are; renewals tell of it too.
  /// Set and called like those. Nothing unless overridden.
  using loss_callback = std::function<void(const owner_id&, const status& why)>;
  virtual void on_loss(loss_callback callback);

  /// Connects, and checks what can be checked (rights, settings).
  virtual status ping(time_point by) = 0;

  /// Grants the resource if it is free and no live waiter stands, else queues (`wait`) or answers busy.
  /// Idempotent by owner: repeated while the owner holds, it returns the same token if the lease still stands, and a
  /// new grant's token where it had run out; repeated while queued, the same place.
  /// Repeated, it extends a lease but never shortens it: it may be a late copy, and the lease refreshed since.
  virtual turn_answer acquire(const request& what, bool wait, time_point by) = 0;
  /// Takes up a hand-off (the lease counts from `sent`), or takes the resource if it has become free and the ticket is
  /// first; else tells the place. Idempotent like acquire.
  virtual turn_answer claim(const request& what, time_point by) = 0;
  /// One verdict for each lease; at most 500 leases a call. `verdicts.size() == leases.size()`.
  virtual renew_answer renew(std::span<const lease_ref> leases, std::span<renew_verdict> verdicts, time_point by) = 0;
  /// One verdict for each waiter; at most 500 a call. Also hands a free resource to the head of its queue.
  virtual status heartbeat(std::span<const waiter_ref> waiters, std::span<wait_verdict> verdicts, time_point by) = 0;
  /// Frees what the owner holds, and hands it to the next live waiter in the same step. `what.token` is the highest
  /// token used in this tenure.
  virtual release_answer release(const lease_ref& what, time_point by) = 0;
  /// Leaves the queue, and gives back whatever the owner was granted meanwhile.
  virtual withdraw_answer withdraw(const waiter_ref& what, time_point by) = 0;

  /// What is known of one resource; a free one has neither holders nor waiters.
  virtual status inspect(std::string_view resource, resource_view& view, time_point by) = 0;
  /// Resources that start with `prefix` and are held or waited for, in the order of their bytes, from after `cursor`.
  virtual status list(std::string_view prefix, std::string_view cursor, std::size_t limit, resource_page& page,
                      time_point by) = 0;
  /// Ends the lease whose token or owner this is, as a release by its holder would; not_held if there is none such.
  virtual status break_lease(std::string_view resource, std::optional<std::uint64_t> token,
                             std::optional<owner_id> owner, time_point by) = 0;

  /// What makes the store's tables in its server, for those who apply it by hand. No I/O. `unsupported` unless overridden.
  virtual status schema(std::string& text) const;
  /// Forgets, of the next names from after `cursor` on, those that nobody has used for long, and adds their number to
  /// `forgotten`. `cursor` is where to go on, empty when no names are left. `unsupported` unless overridden: a store that
  /// needs no cleaning.
  virtual status clean_up(std::string& cursor, std::uint64_t& forgotten, time_point by);
};

/// What a store is opened with.
struct store_options {
  duration command_timeout{};
  duration connect_timeout{};
  std::shared_ptr<const clock> time;        ///< Never null.
  std::function<void(const status&)> warn;  ///< Told of settings that weaken a promise. Never empty; thread-safe.
};

/// The one entry of a store's library: `extern "C" const store_module* holdfast_store_<name>() noexcept`.
/// No exception passes between a store and the core, in either direction: a program may have its C++ runtime linked in
/// (the command has), and a module then brings another one.
struct store_module {
  const char* version;  ///< HOLDFAST_VERSION_STRING of its build; another one is refused.
  /// Does no I/O. Fails on a URL that the store can't take.
  status (*open)(const url& where, const store_options& options, std::unique_ptr<store>& made) noexcept;
};

/// For a store's `open`: calls `make`, which returns the store or throws, and makes a status of what it throws.
template <class Make>
status open_without_throwing(std::unique_ptr<store>& made, Make&& make) noexcept {
  try {
    made = make();
    return {};
  } catch (const error& e) {
    return {static_cast<errc>(e.code().value()), e.what()};
  } catch (const std::exception& e) {
    return {errc::internal, e.what()};
  }
}

}  // namespace holdfast::core
