#include "store/memory/place.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace holdfast::memory {

void listener::set(core::store::turn_callback callback) {
  const std::lock_guard lock{calling_};
  callback_ = std::make_shared<const core::store::turn_callback>(std::move(callback));
}

void listener::call(const core::owner_id& owner) {
  const std::lock_guard lock{calling_};
  const auto callback = callback_;  // Kept: the callback may end in `stop`.
  if (callback && *callback) (*callback)(owner);
}

void listener::stop() {
  const std::lock_guard lock{calling_};
  callback_.reset();
}

session_id place::join(const std::shared_ptr<listener>& who) {
  const std::lock_guard lock{mutex_};
  listeners_.emplace(++last_session_, who);
  return last_session_;
}

void place::leave(session_id session) {
  const std::lock_guard lock{mutex_};
  listeners_.erase(session);
}

namespace {

struct named_place {
  std::weak_ptr<place> current;
  /// Of all places that ever had the name: shared with the current one, which may come to its end at any time.
  std::shared_ptr<place::token_mark> highest_token = std::make_shared<place::token_mark>(0);
};

struct places {
  std::mutex mutex;
  std::map<std::string, named_place> by_name;
};

places& all_places() {
  // Never destroyed: clients may outlive main.
  static auto* const instance = new places;
  return *instance;
}

std::uint64_t wall_clock() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

}  // namespace

std::shared_ptr<place> find_place(const std::string& name, time_point opened) {
  if (name.empty()) return std::make_shared<place>(opened, wall_clock(), std::make_shared<place::token_mark>(0));
  auto& all = all_places();
  const std::lock_guard lock{all.mutex};
  auto& named = all.by_name[name];
  if (auto current = named.current.lock()) return current;
  const auto first_token = std::max(wall_clock(), named.highest_token->load(std::memory_order_relaxed) + 1);
  auto made = std::make_shared<place>(opened, first_token, named.highest_token);
  named.current = made;
  return made;
}

}  // namespace holdfast::memory
