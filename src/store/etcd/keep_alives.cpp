#include "store/etcd/keep_alives.hpp"

#include <utility>

namespace holdfast::etcd {

keep_alive_outcome keep_alives::ask(lease_id lease, const way& by_way, const open& with, time_point by) {
  std::shared_ptr<kept> left;  // Ends outside of the lock.
  std::shared_ptr<kept> on;
  std::shared_ptr<keep_alive_answers::request> mine;
  {
    const std::lock_guard lock{mutex_};
    if (now_ && (now_->by != by_way || !now_->answers->takes_more())) left = std::exchange(now_, nullptr);
    if (!now_) {
      auto answers = std::make_shared<keep_alive_answers>();
      auto stream = with(answers);
      now_ = std::make_shared<kept>(kept{by_way, std::move(answers), std::move(stream)});
    }
    on = now_;
    // Both under the lock: the answers come in the order in which the stream was asked.
    mine = on->answers->begin(lease);
    on->stream->ask(lease);
  }
  left.reset();
  return on->answers->await(*mine, by);
}

}  // namespace holdfast::etcd
