#include "store/etcd/listener.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace holdfast::etcd {
namespace {

/// The waiter's own timers make up for a stream that is not there.
constexpr duration longest_opening = std::chrono::seconds{1};

}  // namespace

listener::~listener() {
  ear_->close();
  std::unique_lock lock{mutex_};
  auto last = std::move(stream_);
  auto left = std::move(left_);
  now_.reset();
  lock.unlock();  // A stream's thread may be about to take mutex_.
}

/// It is not waited for: within its callback the client's last reference may go, which waits for the thread that we are.
void listener::leave_stream() {  // mutex_ is held
  std::erase_if(left_, [](const auto& each) { return each->ended(); });
  stream_->end();
  left_.push_back(std::move(stream_));
  now_.reset();
}

std::optional<revision> listener::follow(const core::owner_id& owner, const std::string& key, time_point by) {
  std::shared_ptr<following> now;
  std::int64_t number = 0;
  {
    const std::lock_guard lock{mutex_};
    if (now_ && now_->over()) leave_stream();
    if (!now_) {
      now_ = std::make_shared<following>(ear_);
      route_ = with_.route();
      try {
        stream_ = with_.watch(now_);
      } catch (const std::system_error&) {  // No thread to be had.
        stream_.reset();
      }
      if (!stream_) {
        now_.reset();
        return std::nullopt;
      }
    }
    if (const auto old = now_->end(owner)) stream_->remove(*old);
    const auto begun = now_->begin(owner, key);
    number = begun.number;
    if (begun.made) stream_->add(number, key);
    now = now_;
  }
  return now->await(number, std::min(by, boot_clock::now() + longest_opening));
}

void listener::forget(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  if (!now_) return;
  if (const auto old = now_->end(owner)) stream_->remove(*old);
}

bool listener::follows(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  return now_ && !now_->over() && now_->has(owner);
}

void listener::keep_up() {
  {
    const std::lock_guard lock{mutex_};
    if (!now_ || route_ == with_.route()) return;
    leave_stream();
  }
  // Its thread told all of them already, if it watched anything: once more does no harm.
  ear_->tell({});
}

}  // namespace holdfast::etcd
