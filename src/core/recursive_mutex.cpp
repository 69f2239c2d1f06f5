#include "holdfast/recursive_mutex.hpp"

#include <atomic>
#include <cstddef>
#include <thread>
#include <utility>

#include "holdfast/mutex.hpp"

namespace holdfast {

class recursive_mutex::impl {
 public:
  impl(client& of, std::string_view name, lock_options options) : plain_{of, name, std::move(options)} {}

  status acquire(wait_options wait) noexcept {
    if (mine()) return again();
    status result = plain_.acquire(std::move(wait));
    if (!result.ok()) return result;
    depth_ = 1;
    owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    return result;
  }

  status release() noexcept {
    if (!mine()) return {errc::not_held, "the recursive_mutex of '" + plain_.name() + "' is not this thread's"};
    if (--depth_ > 0) return {};
    owner_.store({}, std::memory_order_relaxed);
    return plain_.release();
  }

  status refresh(duration ttl) noexcept {
    if (!mine()) return {errc::not_held, "the recursive_mutex of '" + plain_.name() + "' is not this thread's"};
    return plain_.refresh(ttl);
  }

  [[nodiscard]] const mutex& plain() const noexcept { return plain_; }

 private:
  /// Only this thread writes its own id there, and takes it away: whatever others write meanwhile, the answer stands.
  [[nodiscard]] bool mine() const noexcept {
    return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

  status again() noexcept {
    if (plain_.lease().held()) {
      ++depth_;
      return {};
    }
    // Lost, closed or forked. A lost mutex stays occupied until its unlock, so this tells which and gets nothing.
    status why = plain_.acquire({.timeout = duration::zero()});
    if (why == errc::busy)
      why = {errc::not_held, "the lease on '" + plain_.name() + "' was lost: unlock, then lock anew"};
    return why;
  }

  mutex plain_;
  std::atomic<std::thread::id> owner_{};
  std::size_t depth_ = 0;  // the owner's
};

recursive_mutex::recursive_mutex(client& of, std::string_view name, lock_options options)
    : impl_{std::make_unique<impl>(of, name, std::move(options))} {}

recursive_mutex::~recursive_mutex() = default;

void recursive_mutex::lock() {
  if (auto result = acquire(); !result.ok()) throw error{result};
}

bool recursive_mutex::try_lock() { return lock_within(duration::zero()); }

bool recursive_mutex::lock_within(duration timeout) {
  auto result = acquire({.timeout = timeout});
  if (result == errc::busy || result == errc::timed_out) return false;
  if (!result.ok()) throw error{result};
  return true;
}

void recursive_mutex::unlock() noexcept { static_cast<void>(release()); }

status recursive_mutex::acquire(wait_options wait) noexcept { return impl_->acquire(std::move(wait)); }
status recursive_mutex::release() noexcept { return impl_->release(); }
status recursive_mutex::refresh(duration ttl) noexcept { return impl_->refresh(ttl); }
holdfast::lease recursive_mutex::lease() const { return impl_->plain().lease(); }
const std::string& recursive_mutex::name() const noexcept { return impl_->plain().name(); }

}  // namespace holdfast
