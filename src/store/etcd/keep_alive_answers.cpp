#include "store/etcd/keep_alive_answers.hpp"

namespace holdfast::etcd {

class keep_alive_answers::request {
 public:
  explicit request(lease_id of) : lease{of} {}

  const lease_id lease;
  std::optional<lease_reply> answer;  ///< Guarded by the answers' mutex.
};

std::shared_ptr<keep_alive_answers::request> keep_alive_answers::begin(lease_id lease) {
  auto made = std::make_shared<request>(lease);
  const std::lock_guard lock{mutex_};
  if (!lost_) unanswered_.push_back(made);
  return made;
}

keep_alive_outcome keep_alive_answers::await(const request& which, time_point by) {
  std::unique_lock lock{mutex_};
  while (true) {
    if (which.answer) return *which.answer;
    if (lost_) return *lost_;
    const auto left = by - boot_clock::now();
    if (left <= duration::zero()) break;
    changed_.wait_for(lock, left);
  }
  late_ = true;
  return no_answer_in_time();
}

bool keep_alive_answers::takes_more() const {
  const std::lock_guard lock{mutex_};
  return !lost_ && !late_;
}

void keep_alive_answers::on_answer(const lease_reply& what) {
  const std::lock_guard lock{mutex_};
  if (lost_) return;
  if (unanswered_.empty() || unanswered_.front()->lease != what.lease) return lose(answered_out_of_turn());
  unanswered_.front()->answer = what;
  unanswered_.pop_front();
  changed_.notify_all();
}

void keep_alive_answers::on_stream_lost(const rpc_error& why) {
  const std::lock_guard lock{mutex_};
  if (!lost_) lose(why);
}

void keep_alive_answers::lose(const rpc_error& why) {  // mutex_ is held
  lost_ = why;
  unanswered_.clear();
  changed_.notify_all();
}

}  // namespace holdfast::etcd
