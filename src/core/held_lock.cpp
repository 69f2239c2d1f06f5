#include "holdfast/held_lock.hpp"

#include <utility>

#include "core/client_core.hpp"
#include "core/lock_checks.hpp"
#include "core/resource.hpp"
#include "core/turn.hpp"

namespace holdfast {

namespace {

/// Frees it, and leaves it be in a forked child: it is the parent's.
void let_go(std::shared_ptr<core::turn>& turn) noexcept {
  const auto ended = std::exchange(turn, nullptr);
  if (!ended) return;
  const auto client = ended->of().client();
  if (client->forked()) return;
  static_cast<void>(ended->of().on()->end(*ended, client->verb_limit()));
}

}  // namespace

held_lock::held_lock() noexcept = default;
held_lock::held_lock(held_lock&&) noexcept = default;
held_lock& held_lock::operator=(held_lock&& other) noexcept {
  if (this != &other) {
    let_go(turn_);
    turn_ = std::move(other.turn_);
  }
  return *this;
}
held_lock::~held_lock() { let_go(turn_); }

bool held_lock::owns_lock() const noexcept { return turn_ != nullptr; }
holdfast::lease held_lock::lease() const { return holdfast::lease{turn_}; }
std::string held_lock::name() const { return turn_ ? turn_->of().name() : std::string{}; }

status held_lock::release() noexcept {
  const auto ended = turn_;
  if (!ended) return {errc::not_held, "this lock holds nothing"};
  const auto client = ended->of().client();
  if (client->forked()) return client->usable();
  turn_ = nullptr;
  status result = ended->of().on()->end(*ended, client->verb_limit());  // Nothing, if close() has ended it.
  return client->closed() ? client->usable() : result;
}

status held_lock::refresh(duration ttl) noexcept {
  if (!turn_) return {errc::not_held, "this lock holds nothing"};
  if (auto bad = turn_->of().client()->usable(); !bad.ok()) return bad;
  if (auto bad = core::check_ttl(ttl); !bad.ok()) return bad;
  return turn_->of().on()->refresh(*turn_, ttl);
}

}  // namespace holdfast
