#include "store/redis/turns.hpp"

#include <algorithm>
#include <utility>

#include "core/owner_id.hpp"
#include "store/redis/protocol.hpp"

namespace holdfast::redis {

struct turns::bell {
  // Recursive, for a callback may destroy its store and so get here again.
  std::recursive_mutex mutex;
  std::shared_ptr<const core::store::turn_callback> callback;  // guarded by mutex
  bool listened = false;                                       // guarded by mutex

  /// Before it listened the first time, nobody had been told of it.
  void missed() {
    const std::lock_guard lock{mutex};
    if (std::exchange(listened, true)) ring({});
  }

  void ring(const core::owner_id& owner) {
    const std::lock_guard lock{mutex};
    const auto kept = callback;
    if (kept && *kept) (*kept)(owner);
  }
};

turns::turns(const make_ear& listen, std::function<void(const status&)> warn)
    : id_{core::owner_id::random().hex()},
      bell_{std::make_shared<bell>()},
      warn_{std::move(warn)},
      ear_{listen(channel_of(id_), {.heard =
                                        [to = bell_](std::string_view message) {
                                          const auto owner = core::owner_id::from_hex(message);
                                          if (!owner.nil()) to->ring(owner);
                                        },
                                    .missed = [to = bell_] { to->missed(); }})} {}

/// When it returns no callback runs, but for one that this very thread is in.
turns::~turns() {
  const std::lock_guard lock{bell_->mutex};
  bell_->callback.reset();
}

void turns::on_turn(core::store::turn_callback callback) {
  const std::lock_guard lock{bell_->mutex};
  bell_->callback = std::make_shared<const core::store::turn_callback>(std::move(callback));
}

std::string_view turns::where() const noexcept {
  if (listening_.load(std::memory_order_acquire)) return id_;
  return deaf_.load(std::memory_order_acquire) ? nowhere : std::string_view{};
}

std::string_view turns::listen(time_point by) {
  const auto now = boot_clock::now();
  const status how = ear_->ready(now + std::max<duration>(by - now, {}) / 2);  // The rest is for what comes after.
  if (how.ok()) {
    listening_.store(true, std::memory_order_release);
    return id_;
  }
  if (how == errc::not_authorised) deaf_.store(true, std::memory_order_release);
  if (warn_ && !warned_.exchange(true))
    warn_({static_cast<errc>(how.code().value()),
           how.message() + " (so waiters are not told of their turns, and find out within a second)"});
  return nowhere;
}

}  // namespace holdfast::redis
