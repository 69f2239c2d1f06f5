#include "holdfast/mutex.hpp"

#include <exception>
#include <mutex>
#include <utility>

#include "core/client_core.hpp"
#include "core/lock_checks.hpp"
#include "core/resource.hpp"

namespace holdfast {

class mutex::impl {
 public:
  impl(std::shared_ptr<core::client_core> client, std::string_view name, lock_options options)
      : client_{std::move(client)}, options_{std::move(options)} {
    if (!client_) throw error{{errc::closed, "a mutex was made from a client that was moved from"}};
    if (auto bad = client_->usable(); bad == errc::forked) throw error{bad};
    if (auto bad = core::check_lock(name, options_); !bad.ok()) throw error{bad};
    resource_ = client_->resource_of(name);
  }

  status acquire(const wait_options& wait) noexcept {
    try {
      if (auto bad = client_->usable(); !bad.ok()) return bad;
      std::shared_ptr<core::turn> got;
      status result = resource_->acquire(client_, options_, wait, got);
      if (result.ok()) {
        const std::lock_guard lock{guard_};
        turn_ = std::move(got);
      }
      return result;
    } catch (const std::exception& e) {
      return {errc::internal, e.what()};
    }
  }

  status release() noexcept {
    if (client_->forked()) return client_->usable();
    const auto ended = take();
    if (!ended && client_->closed()) return client_->usable();
    if (!ended) return {errc::not_held, "the mutex of '" + resource_->name() + "' is not locked"};
    status result = resource_->end(*ended, client_->verb_limit());  // Nothing, if close() has ended it.
    return client_->closed() ? client_->usable() : result;
  }

  status refresh(duration ttl) noexcept {
    if (auto bad = client_->usable(); !bad.ok()) return bad;
    if (auto bad = core::check_ttl(ttl); !bad.ok()) return bad;
    const auto now = current();
    if (!now) return {errc::not_held, "the mutex of '" + resource_->name() + "' is not locked"};
    return resource_->refresh(*now, ttl);
  }

  [[nodiscard]] std::shared_ptr<core::turn> current() const {
    if (client_->forked()) return nullptr;
    const std::lock_guard lock{guard_};
    return turn_;
  }
  [[nodiscard]] const std::string& name() const noexcept { return resource_->name(); }

 private:
  std::shared_ptr<core::turn> take() {
    const std::lock_guard lock{guard_};
    return std::exchange(turn_, nullptr);
  }

  // The client outlives the resource: see core::resource.
  std::shared_ptr<core::client_core> client_;
  std::shared_ptr<core::resource> resource_;
  lock_options options_;
  mutable std::mutex guard_;
  std::shared_ptr<core::turn> turn_;  // guarded by guard_
};

mutex::mutex(client& of, std::string_view name, lock_options options)
    : impl_{std::make_unique<impl>(of.core_, name, std::move(options))} {}

mutex::~mutex() { unlock(); }

void mutex::lock() {
  if (auto result = acquire(); !result.ok()) throw error{result};
}

bool mutex::try_lock() { return lock_within(duration::zero()); }

bool mutex::lock_within(duration timeout) {
  auto result = acquire({.timeout = timeout});
  if (result == errc::busy || result == errc::timed_out) return false;
  if (!result.ok()) throw error{result};
  return true;
}

void mutex::unlock() noexcept { static_cast<void>(release()); }

status mutex::acquire(wait_options wait) noexcept { return impl_->acquire(wait); }
status mutex::release() noexcept { return impl_->release(); }
status mutex::refresh(duration ttl) noexcept { return impl_->refresh(ttl); }
holdfast::lease mutex::lease() const { return holdfast::lease{impl_->current()}; }
const std::string& mutex::name() const noexcept { return impl_->name(); }

}  // namespace holdfast
