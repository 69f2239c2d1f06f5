#include "store/mysql/poller.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <mutex>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/condition.hpp"
#include "core/worker.hpp"
#include "store/mysql/errors.hpp"
#include "store/mysql/pace.hpp"
#include "store/mysql/waiting_list.hpp"

namespace holdfast::mysql {
namespace {

constexpr duration statement_limit = std::chrono::seconds{2};
constexpr duration pause_after_failure = std::chrono::milliseconds{300};
/// Looks by waiters' own timers: one may go to the server so often, in the place of a poll.
constexpr duration looks_apart = std::chrono::milliseconds{250};

}  // namespace

class poller::loop : public std::enable_shared_from_this<loop> {
 public:
  loop(std::shared_ptr<pool> connections, std::shared_ptr<protocol> tables)
      : pool_{std::move(connections)}, tables_{std::move(tables)} {}

  void enter(const std::shared_ptr<member>& of, const core::owner_id& owner, std::uint32_t place, time_point look_at);
  void leave(const core::owner_id& owner) noexcept;
  void leave(const member& who) noexcept;
  void told(const mysql::told& next);
  bool may_look(const core::owner_id& owner, std::uint32_t& place);
  void clean_soon();
  void stop() noexcept;

 private:
  using guard = std::unique_lock<std::mutex>;

  void start();  // mutex_ is held, as with all that takes no lock below
  void run();
  void step(guard& lock);
  void deliver(guard& lock);
  void beat(guard& lock);
  void poll(guard& lock);
  void clean(guard& lock);
  /// Carries out `body(connection&)` outside the lock. False if it failed.
  template <class Body>
  bool with_server(guard& lock, Body&& body);

  const std::shared_ptr<pool> pool_;
  const std::shared_ptr<protocol> tables_;
  std::unique_ptr<connection> connection_;  // the thread's own

  std::mutex mutex_;
  core::condition changed_;
  waiting_list waiting_;  // guarded by mutex_, like all below
  time_point polled_at_ = time_point::min();
  time_point poll_at_{};
  time_point beat_at_{};
  time_point looked_at_ = time_point::min();
  time_point next_look_{};
  bool look_due_ = false;
  bool clean_due_ = false;
  std::thread thread_;
  bool running_ = false;
  bool stopping_ = false;
};

void poller::loop::start() {
  if (running_ || stopping_) return;
  try {
    thread_ = core::start_worker("hf-mysql-poll", [self = shared_from_this()] { self->run(); });
    running_ = true;
  } catch (const std::system_error&) {
    // No thread to be had: the waiters' own timers must do, until one can be started.
  }
}

void poller::loop::enter(const std::shared_ptr<member>& of, const core::owner_id& owner, std::uint32_t place,
                         time_point look_at) {
  const guard lock{mutex_};
  start();
  const time_point now = boot_clock::now();
  const bool first = waiting_.empty();
  if (first) beat_at_ = now + heartbeat_every;
  waiting_.enter(of, owner, place, look_at, now);
  const time_point soonest = polled_at_ == time_point::min() ? now : polled_at_ + shortest_poll;
  const time_point wanted = std::max(soonest, now + poll_every(place));
  if (first || wanted < poll_at_) poll_at_ = wanted;
  changed_.notify_one();
}

void poller::loop::leave(const core::owner_id& owner) noexcept {
  const guard lock{mutex_};
  waiting_.leave(owner);
}

void poller::loop::leave(const member& who) noexcept {
  const guard lock{mutex_};
  waiting_.leave(who);
}

void poller::loop::told(const mysql::told& next) {
  if (next.owner.nil()) return;
  const guard lock{mutex_};
  waiting_.turn(next.owner, boot_clock::now());
  if (waiting_.has_hints()) changed_.notify_one();
}

bool poller::loop::may_look(const core::owner_id& owner, std::uint32_t& place) {
  const guard lock{mutex_};
  const time_point now = boot_clock::now();
  const auto known = waiting_.looks_by_timer(owner, now);
  if (!known) return true;
  if (now >= next_look_) {
    next_look_ = now + looks_apart;
    poll_at_ += shortest_poll;
    return true;
  }
  place = *known;
  return looked_at_ == time_point::min() || now - looked_at_ > 3 * heartbeat_every;
}

void poller::loop::clean_soon() {
  const guard lock{mutex_};
  start();
  clean_due_ = true;
  changed_.notify_one();
}

void poller::loop::stop() noexcept {
  guard lock{mutex_};
  stopping_ = true;
  changed_.notify_one();
  if (!thread_.joinable()) return;
  std::thread ended = std::move(thread_);
  lock.unlock();
  core::leave_worker(ended);
}

void poller::loop::run() {
  guard lock{mutex_};
  while (!stopping_) step(lock);
  static_cast<void>(waiting_.take_hints());
}

void poller::loop::step(guard& lock) {
  if (waiting_.has_hints()) return deliver(lock);
  const time_point now = boot_clock::now();
  const bool waits = !waiting_.empty();
  const bool asks = waits && now >= poll_at_;
  if ((waits && now >= beat_at_) || (asks && now + shortest_poll > beat_at_)) return beat(lock);
  if (asks) return poll(lock);
  if (clean_due_) return clean(lock);
  if (waits)
    changed_.wait_for(lock, std::min(beat_at_, poll_at_) - now);
  else
    changed_.wait(lock);
}

void poller::loop::deliver(guard& lock) {
  const auto hints = waiting_.take_hints();
  lock.unlock();
  for (const auto& each : hints) each.to->tell(each.owner);
  lock.lock();
}

template <class Body>
bool poller::loop::with_server(guard& lock, Body&& body) {
  lock.unlock();
  bool done = false;
  const time_point by = boot_clock::now() + statement_limit;
  try {
    if (connection_ && connection_->dropped()) connection_.reset();
    if (!connection_) connection_ = pool_->make(by);
    body(*connection_, by);
    done = true;
  } catch (const failure& why) {
    if (why.mends != failure::remedy::again && why.mends != failure::remedy::wait_again) connection_.reset();
  } catch (const std::exception&) {  // No memory, it may be.
    connection_.reset();
  }
  lock.lock();
  if (!done) poll_at_ = std::max(poll_at_, boot_clock::now() + pause_after_failure);
  return done;
}

/// The server counts the tickets meanwhile: if there are fewer than there should be, it is somebody's turn. So a
/// heartbeat takes the place of a poll.
void poller::loop::beat(guard& lock) {
  const time_point now = boot_clock::now();
  const auto asked = waiting_.ask();
  std::uint64_t tickets = 0;
  const bool done = with_server(lock, [&](connection& on, time_point by) {
    for (std::span<const core::owner_id> rest{asked.client_ids}; !rest.empty();) {
      const auto some = rest.first(std::min(rest.size(), list_statement::sizes.back()));
      rest = rest.subspan(some.size());
      tickets += tables_->beat(on, some, by);
    }
  });
  // Tried again soon: the waiters are passed over if no sign of life comes for long.
  beat_at_ = now + (done ? heartbeat_every : pause_after_failure);
  look_due_ = true;
  if (!done) return;
  polled_at_ = now;
  poll_at_ = tickets < asked.tickets ? now : std::max(poll_at_, now + shortest_poll);
}

void poller::loop::poll(guard& lock) {
  const time_point now = boot_clock::now();
  polled_at_ = now;
  const auto asked = waiting_.ask();
  const bool looks = std::exchange(look_due_, false);
  std::vector<result> answers;
  const bool done = with_server(lock, [&](connection& on, time_point by) {
    for (std::span rest{asked.clients}; !rest.empty();) {
      const auto some = rest.first(std::min(rest.size(), list_statement::sizes.back()));
      rest = rest.subspan(some.size());
      std::vector<argument> with;
      const auto add_clients = [&] {
        for (std::size_t i = 0; i < list_statement::size(some.size()); ++i)
          with.emplace_back(sql::view_of(some[std::min(i, some.size() - 1)]));
      };
      add_clients();
      for (std::size_t i = 0; i < polled_owners; ++i)
        with.emplace_back(sql::view_of(asked.owners[std::min(i, asked.owners.size() - 1)]));
      if (looks) {
        add_clients();
        add_clients();
      }
      const auto& texts = tables_->texts();
      answers.push_back(on.run((looks ? texts.look : texts.poll).text(some.size()), with, by));
    }
  });
  if (!done) return;
  std::vector<std::vector<cell>> rows;
  for (auto& each : answers) std::move(each.rows.begin(), each.rows.end(), std::back_inserter(rows));
  const auto free = waiting_.learn(rows, looks, now);
  if (looks) looked_at_ = now;
  const auto statements = static_cast<std::int64_t>(answers.size());
  poll_at_ = now + std::max<duration>(poll_every(waiting_.nearest()), shortest_poll * statements);
  if (free.empty()) return;
  std::vector<mysql::told> turns;
  with_server(lock, [&](connection& on, time_point by) {
    for (const auto& name : free) tables_->promote(on, name, by, turns.emplace_back());
  });
  for (const auto& each : turns) waiting_.turn(each.owner, boot_clock::now());
}

void poller::loop::clean(guard& lock) {
  clean_due_ = false;
  with_server(lock, [&](connection& on, time_point by) {
    tables_->clean(on, token_margin, cleaned_at_once, std::nullopt, by);
  });
}

poller::poller(std::shared_ptr<pool> connections, std::shared_ptr<protocol> tables)
    : loop_{std::make_shared<loop>(std::move(connections), std::move(tables))} {}
poller::~poller() { loop_->stop(); }
void poller::enter(const std::shared_ptr<member>& of, const core::owner_id& owner, std::uint32_t place,
                   time_point look_at) {
  loop_->enter(of, owner, place, look_at);
}
void poller::leave(const core::owner_id& owner) noexcept { loop_->leave(owner); }
void poller::leave(const member& who) noexcept { loop_->leave(who); }
void poller::told(const mysql::told& next) { loop_->told(next); }
bool poller::may_look(const core::owner_id& owner, std::uint32_t& place) { return loop_->may_look(owner, place); }
void poller::clean_soon() { loop_->clean_soon(); }

}  // namespace holdfast::mysql
