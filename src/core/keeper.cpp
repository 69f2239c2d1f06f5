#include "core/keeper.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "core/lease_time.hpp"
#include "core/worker.hpp"

namespace holdfast::core {

namespace {

constexpr std::size_t batch_most = 500;
/// Leases that are due within this of each other are renewed together: this, and some of their own ttl, which is much
/// less than the third of it that they have between renewals.
constexpr duration batch_slack = std::chrono::milliseconds{20};
constexpr int slack_of_ttl = 60;

}  // namespace

class keeper::loop : public std::enable_shared_from_this<loop> {
 public:
  explicit loop(surroundings of) : of_{std::move(of)} {}

  void keep(tenure& what);
  void forget(tenure& what) noexcept;
  bool borrow(tenure& what, duration ttl) noexcept;
  void give_back(tenure& what) noexcept { put_back(what); }
  void begin_waiting(const owner_id& owner, const std::string& resource);
  void end_waiting(const owner_id& owner) noexcept;
  void undo(leftover what) noexcept;
  bool drain(duration within) noexcept;
  void stop() noexcept;

 private:
  struct pending {
    leftover what;
    time_point try_at{};
    unsigned tries = 0;
  };
  using guard = std::unique_lock<std::mutex>;

  void start();                            // mutex_ is held
  void wake_by(time_point when) noexcept;  // mutex_ is held
  void run();
  void put_back(tenure& what) noexcept;
  [[nodiscard]] time_point next_due() const noexcept;  // mutex_ is held
  void renew_due(guard& lock);
  void renew(std::span<const std::shared_ptr<tenure>> batch, time_point first_deadline);
  void beat_due(guard& lock);
  void beat(std::span<const std::pair<owner_id, std::string>> batch, duration patience);
  void undo_due(guard& lock);
  bool undone(const leftover& what, duration patience);
  [[nodiscard]] duration patience_beside_renewals() const noexcept;  // mutex_ is held

  surroundings of_;
  std::mutex mutex_;
  condition changed_;                            // for the thread
  condition settled_;                            // for borrow() and drain()
  timer_heap<tenure, &tenure::renew_hook> due_;  // guarded by mutex_, like all below
  std::vector<const tenure*> under_way_;
  std::unordered_map<owner_id, std::string> waiting_;
  time_point beat_at_{};
  std::vector<pending> leftovers_;
  time_point wakes_at_ = time_point::min();
  std::thread thread_;
  bool running_ = false;
  bool stopping_ = false;
};

void keeper::loop::start() {
  if (running_) return;
  thread_ = start_worker("hf-keeper", [self = shared_from_this()] { self->run(); });
  running_ = true;
}

void keeper::loop::wake_by(time_point when) noexcept {
  if (when >= wakes_at_) return;
  wakes_at_ = when;
  changed_.notify_one();
}

void keeper::loop::keep(tenure& what) {
  const guard lock{mutex_};
  const auto when = what.renew_at();  // Nothing, if it was finished meanwhile: forget() comes, or came, under the lock.
  if (!when) return;
  start();
  due_.set(what, *when);
  wake_by(*when);
}

void keeper::loop::put_back(tenure& what) noexcept {
  const guard lock{mutex_};
  std::erase(under_way_, &what);
  settled_.notify_all();
  const auto when = what.renew_at();
  if (!when || !running_) return;
  due_.set(what, *when);
  wake_by(*when);
}

void keeper::loop::forget(tenure& what) noexcept {
  const guard lock{mutex_};
  due_.remove(what);
}

bool keeper::loop::borrow(tenure& what, duration ttl) noexcept {
  guard lock{mutex_};
  while (std::find(under_way_.begin(), under_way_.end(), &what) != under_way_.end())
    settled_.wait_for(lock, std::chrono::seconds{1});
  due_.remove(what);
  if (!what.begin_renewal(ttl)) return false;
  under_way_.push_back(&what);
  return true;
}

void keeper::loop::begin_waiting(const owner_id& owner, const std::string& resource) {
  if (of_.traits.heartbeat_every <= duration::zero()) return;
  const guard lock{mutex_};
  try {
    start();
  } catch (const std::system_error&) {
    // No thread to be had: the store's hints and the waiter's own timers must do, and a later start() takes this up.
  }
  if (waiting_.empty()) beat_at_ = of_.time->now() + of_.traits.heartbeat_every;
  waiting_.emplace(owner, resource);
  wake_by(beat_at_);
}

void keeper::loop::end_waiting(const owner_id& owner) noexcept {
  const guard lock{mutex_};
  waiting_.erase(owner);
}

void keeper::loop::undo(leftover what) noexcept {
  const guard lock{mutex_};
  leftovers_.push_back({.what = std::move(what), .try_at = of_.time->now(), .tries = 0});
  try {
    start();
  } catch (const std::system_error&) {
    return;  // No thread to be had now; the lease runs out by itself, and a later start() takes this up.
  }
  changed_.notify_one();
}

bool keeper::loop::drain(duration within) noexcept {
  const time_point until = boot_clock::now() + within;
  guard lock{mutex_};
  while (!leftovers_.empty()) {
    const duration left = until - boot_clock::now();
    if (left <= duration::zero()) return false;
    settled_.wait_for(lock, left);
  }
  return true;
}

void keeper::loop::stop() noexcept {
  guard lock{mutex_};
  stopping_ = true;
  changed_.notify_one();
  if (!thread_.joinable()) return;
  std::thread ended = std::move(thread_);
  const bool busy = !leftovers_.empty();
  lock.unlock();
  if (busy)  // With leftovers it goes on by itself.
    ended.detach();
  else
    leave_worker(ended);
}

time_point keeper::loop::next_due() const noexcept {
  time_point next = due_.earliest();
  if (!waiting_.empty()) next = std::min(next, beat_at_);
  for (const pending& each : leftovers_) next = std::min(next, each.try_at);
  return next;
}

void keeper::loop::run() {
  guard lock{mutex_};
  time_point asked_for = time_point::min();
  while (!stopping_ || !leftovers_.empty()) {
    renew_due(lock);
    beat_due(lock);
    undo_due(lock);
    time_point next = next_due();
    const time_point now = of_.time->now();
    if (next <= now || (stopping_ && leftovers_.empty())) continue;
    // What it was woken for may be over already, as in a loop of short locks: once it wakes in vain then, not for each.
    if (asked_for > now) next = std::min(next, asked_for);
    wakes_at_ = next;
    if (next == time_point::max())
      changed_.wait(lock);
    else
      changed_.wait_for(lock, of_.time->sleep_until(next));
    asked_for = std::exchange(wakes_at_, time_point::min());  // Awake: whoever changes something need not notify.
  }
}

void keeper::loop::renew_due(guard& lock) {
  const time_point now = of_.time->now();
  if (due_.earliest() > now) return;
  std::vector<std::shared_ptr<tenure>> batch;
  const auto joins = [&](const tenure& next, time_point due) {
    return due <= now + std::max<duration>(batch_slack, next.ttl() / slack_of_ttl);
  };
  while (batch.size() < batch_most && due_.earliest() != time_point::max() && joins(due_.top(), due_.earliest())) {
    tenure& next = due_.top();
    due_.remove(next);
    auto kept = next.weak_from_this().lock();
    if (!kept || !kept->begin_renewal(kept->ttl())) continue;
    under_way_.push_back(kept.get());
    batch.push_back(std::move(kept));
  }
  // Others' deadlines count too: who keeps this batch waiting must not cost those their renewals.
  time_point first_deadline = time_point::max();
  for (const tenure* each : due_.all()) first_deadline = std::min(first_deadline, each->deadline());
  lock.unlock();
  if (!batch.empty()) renew(batch, first_deadline);
  batch.clear();  // May be the last of a tenure, and of the client: not under the lock.
  lock.lock();
}

void keeper::loop::renew(std::span<const std::shared_ptr<tenure>> batch, time_point first_deadline) {
  std::vector<lease_ref> leases;
  leases.reserve(batch.size());
  for (const auto& each : batch) {
    leases.push_back({each->name(), each->owner(), each->ttl(), each->token()});
    first_deadline = std::min(first_deadline, each->deadline());
  }
  // An answer after the deadline is of no use; a struggling store is asked again before it.
  const duration left = first_deadline - of_.time->now();
  const duration bound = std::min(of_.command_timeout, std::max<duration>(left / 2, std::chrono::milliseconds{50}));
  std::vector<renew_verdict> verdicts(batch.size(), renew_verdict::unknown);
  const time_point sent = of_.time->now();
  const auto answer = of_.at->renew(leases, verdicts, boot_clock::now() + bound);
  if (!answer.why.ok()) of_.store_failed(answer.why);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    switch (verdicts[i]) {
      case renew_verdict::renewed:
        batch[i]->on_renewed(answer.sent, leases[i].ttl);
        break;
      case renew_verdict::lost:
        batch[i]->lose({errc::not_held, "the store says that the lease on '" + batch[i]->name() +
                                            "' is not held any more (it ran out or was broken)"});
        break;
      case renew_verdict::unknown:
        batch[i]->on_renewal_unknown(sent, leases[i].ttl);
        break;
    }
    put_back(*batch[i]);
  }
}

/// How long a verb may take that is no renewal, so that no lease is in jeopardy for it where the store is stuck.
duration keeper::loop::patience_beside_renewals() const noexcept {
  time_point first_deadline = time_point::max();
  for (const tenure* each : due_.all()) first_deadline = std::min(first_deadline, each->deadline());
  if (first_deadline == time_point::max()) return of_.command_timeout;
  const duration left = first_deadline - of_.time->now();
  return std::min(of_.command_timeout, std::max<duration>(left / 4, std::chrono::milliseconds{50}));
}

void keeper::loop::beat_due(guard& lock) {
  const time_point now = of_.time->now();
  if (waiting_.empty() || now < beat_at_) return;
  beat_at_ = now + of_.traits.heartbeat_every;
  std::vector<std::pair<owner_id, std::string>> all(waiting_.begin(), waiting_.end());
  const duration patience = patience_beside_renewals();
  lock.unlock();
  for (std::span<const std::pair<owner_id, std::string>> rest{all}; !rest.empty();) {
    const auto batch = rest.first(std::min(rest.size(), batch_most));
    rest = rest.subspan(batch.size());
    beat(batch, patience);
  }
  lock.lock();
}

void keeper::loop::beat(std::span<const std::pair<owner_id, std::string>> batch, duration patience) {
  std::vector<waiter_ref> waiters;
  waiters.reserve(batch.size());
  for (const auto& [owner, name] : batch) waiters.push_back({name, owner});
  std::vector<wait_verdict> verdicts(batch.size(), wait_verdict::unknown);
  const status told = of_.at->heartbeat(waiters, verdicts, boot_clock::now() + patience);
  if (!told.ok()) of_.store_failed(told);
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (verdicts[i] == wait_verdict::your_turn || verdicts[i] == wait_verdict::gone) of_.hint(batch[i].first);
}

void keeper::loop::undo_due(guard& lock) {
  const time_point now = of_.time->now();
  const auto next =
      std::find_if(leftovers_.begin(), leftovers_.end(), [&](const pending& each) { return each.try_at <= now; });
  if (next == leftovers_.end()) return;
  const leftover one = next->what;  // It stays in the list while it is tried: drain() waits for it.
  const duration patience = patience_beside_renewals();
  lock.unlock();
  const bool done = undone(one, patience);
  lock.lock();
  const auto again = std::find_if(leftovers_.begin(), leftovers_.end(), [&](const pending& each) {
    return each.what.owner == one.owner && each.what.is == one.is;
  });
  if (again == leftovers_.end()) return;
  if (done || of_.time->now() >= one.until) {
    *again = std::move(leftovers_.back());
    leftovers_.pop_back();
    settled_.notify_all();
    return;
  }
  again->try_at = of_.time->now() + retry_pause(again->tries++);
}

bool keeper::loop::undone(const leftover& what, duration patience) {
  const time_point limit = boot_clock::now() + patience;
  if (what.is == leftover::kind::release) {
    const auto answer = of_.at->release({what.resource, what.owner, {}, what.token}, limit);
    if (!answer.why.ok()) of_.store_failed(answer.why);
    return answer.is != release_answer::outcome::failed;
  }
  const auto answer = of_.at->withdraw({what.resource, what.owner}, limit);
  if (!answer.why.ok()) of_.store_failed(answer.why);
  return answer.done && answer.conclusive;
}

keeper::keeper(surroundings of) : loop_{std::make_shared<loop>(std::move(of))} {}
keeper::~keeper() { loop_->stop(); }
void keeper::keep(tenure& what) { loop_->keep(what); }
void keeper::forget(tenure& what) noexcept { loop_->forget(what); }
bool keeper::borrow(tenure& what, duration ttl) noexcept { return loop_->borrow(what, ttl); }
void keeper::give_back(tenure& what) noexcept { loop_->give_back(what); }
void keeper::begin_waiting(const owner_id& owner, const std::string& resource) {
  loop_->begin_waiting(owner, resource);
}
void keeper::end_waiting(const owner_id& owner) noexcept { loop_->end_waiting(owner); }
void keeper::undo(leftover what) noexcept { loop_->undo(std::move(what)); }
bool keeper::drain(duration within) noexcept { return loop_->drain(within); }

}  // namespace holdfast::core
