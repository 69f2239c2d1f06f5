#include "store/mysql/member.hpp"

#include <utility>

namespace holdfast::mysql {

void member::set(core::store::turn_callback callback) {
  const std::lock_guard lock{mutex_};
  callback_ = std::move(callback);
}

void member::leave() noexcept {
  left_ = true;
  if (telling_ == std::this_thread::get_id()) return;
  const std::lock_guard lock{mutex_};
  callback_ = nullptr;
}

void member::tell(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  if (left_ || !callback_) return;
  telling_ = std::this_thread::get_id();
  callback_(owner);
  telling_ = std::thread::id{};
}

}  // namespace holdfast::mysql
