#include "store/mysql/poller.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "core/worker.hpp"
#include "store/mysql/errors.hpp"
#include "store/mysql/pace.hpp"

namespace holdfast::mysql {
namespace {

/// What a row of `poll` and `look` tells.
enum class news : std::int64_t { turn = 1, place, free, tickets };

constexpr duration statement_limit = std::chrono::seconds{2};
constexpr duration pause_after_failure = std::chrono::milliseconds{300};
/// A turn that nobody claimed is told of again after so long.
constexpr duration tell_again = std::chrono::seconds{1};
/// Looks by waiters' own timers: one may go to the server so often, in the place of a poll.
constexpr duration looks_apart = std::chrono::milliseconds{250};

}  // namespace

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
  struct waiting {
    std::shared_ptr<member> of;
    std::uint32_t place = 0;
    time_point since{};
    time_point look_at{};
    time_point told = time_point::min();
  };
  struct hint {
    std::shared_ptr<member> to;
    core::owner_id owner;
  };
  /// What one statement asks about.
  struct question {
    std::vector<sql::owner_bytes> clients;
    std::vector<core::owner_id> client_ids;
    std::vector<sql::owner_bytes> owners;
    bool looks = false;
    time_point at{};
  };
  using guard = std::unique_lock<std::mutex>;

  void start();  // mutex_ is held, as with all that takes no lock below
  void run();
  void step(guard& lock);
  void deliver(guard& lock);
  void beat(guard& lock);
  void poll(guard& lock);
  void clean(guard& lock);
  [[nodiscard]] question ask(bool looks, time_point now) const;
  [[nodiscard]] std::uint32_t nearest() const;
  std::vector<std::string> learn(const question& asked, const result& news_of);
  void check_tickets(const question& asked, const std::unordered_map<core::owner_id, std::int64_t>& counts);
  void tell_turn(const core::owner_id& owner, time_point now);
  /// Carries out `body(connection&)` outside the lock. False if it failed.
  template <class Body>
  bool with_server(guard& lock, Body&& body);

  const std::shared_ptr<pool> pool_;
  const std::shared_ptr<protocol> tables_;
  std::unique_ptr<connection> connection_;  // the thread's own

  std::mutex mutex_;
  core::condition changed_;
  std::unordered_map<core::owner_id, waiting> waiting_;  // guarded by mutex_, like all below
  std::vector<hint> hints_;
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
  auto& entry = waiting_[owner];
  if (entry.of == nullptr) entry.since = now;
  entry.of = of;
  entry.place = place;
  entry.look_at = look_at;
  entry.told = time_point::min();
  const time_point soonest = polled_at_ == time_point::min() ? now : polled_at_ + shortest_poll;
  const time_point wanted = std::max(soonest, now + poll_every(place));
  if (first || wanted < poll_at_) poll_at_ = wanted;
  changed_.notify_one();
}

void poller::loop::leave(const core::owner_id& owner) noexcept {
  const guard lock{mutex_};
  waiting_.erase(owner);
}

void poller::loop::leave(const member& who) noexcept {
  const guard lock{mutex_};
  std::erase_if(waiting_, [&](const auto& each) { return each.second.of.get() == &who; });
}

void poller::loop::told(const mysql::told& next) {
  if (next.owner.nil()) return;
  const guard lock{mutex_};
  tell_turn(next.owner, boot_clock::now());
  if (!hints_.empty()) changed_.notify_one();
}

bool poller::loop::may_look(const core::owner_id& owner, std::uint32_t& place) {
  const guard lock{mutex_};
  const auto found = waiting_.find(owner);
  const time_point now = boot_clock::now();
  if (found == waiting_.end() || found->second.told != time_point::min() || now < found->second.look_at) return true;
  if (now >= next_look_) {
    next_look_ = now + looks_apart;
    poll_at_ += shortest_poll;
    return true;
  }
  place = found->second.place;
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
  // The thread owns what it needs; on itself it can't wait.
  if (ended.get_id() == std::this_thread::get_id())
    ended.detach();
  else
    ended.join();
}

void poller::loop::run() {
  guard lock{mutex_};
  while (!stopping_) step(lock);
  hints_.clear();
}

void poller::loop::step(guard& lock) {
  if (!hints_.empty()) return deliver(lock);
  const time_point now = boot_clock::now();
  const bool waits = !waiting_.empty();
  if (waits && now >= beat_at_) return beat(lock);
  if (waits && now >= poll_at_) return poll(lock);
  if (clean_due_) return clean(lock);
  if (waits)
    changed_.wait_for(lock, std::min(beat_at_, poll_at_) - now);
  else
    changed_.wait(lock);
}

void poller::loop::deliver(guard& lock) {
  const auto hints = std::exchange(hints_, {});
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
    if (why.mends != failure::remedy::again) connection_.reset();
  } catch (const std::exception&) {  // No memory, it may be.
    connection_.reset();
  }
  lock.lock();
  if (!done) poll_at_ = std::max(poll_at_, boot_clock::now() + pause_after_failure);
  return done;
}

void poller::loop::beat(guard& lock) {
  const time_point now = boot_clock::now();
  const auto asked = ask(false, now);
  const bool done = with_server(lock, [&](connection& on, time_point by) {
    for (std::span<const core::owner_id> rest{asked.client_ids}; !rest.empty();) {
      const auto some = rest.first(std::min(rest.size(), list_statement::sizes.back()));
      rest = rest.subspan(some.size());
      tables_->beat(on, some, by);
    }
  });
  // Tried again soon: the waiters are passed over if no sign of life comes for long.
  beat_at_ = now + (done ? heartbeat_every : pause_after_failure);
  look_due_ = true;
}

poller::loop::question poller::loop::ask(bool looks, time_point now) const {
  question made;
  made.looks = looks;
  made.at = now;
  std::vector<const member*> clients;
  std::vector<std::pair<std::uint32_t, core::owner_id>> places;
  for (const auto& [owner, entry] : waiting_) {
    clients.push_back(entry.of.get());
    places.emplace_back(entry.place, owner);
  }
  std::sort(clients.begin(), clients.end());
  clients.erase(std::unique(clients.begin(), clients.end()), clients.end());
  for (const auto* each : clients) {
    made.client_ids.push_back(each->id());
    made.clients.push_back(sql::to_bytes(each->id()));
  }
  const auto few = static_cast<std::ptrdiff_t>(std::min(places.size(), polled_owners));
  std::partial_sort(places.begin(), places.begin() + few, places.end(),
                    [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::ptrdiff_t i = 0; i < few; ++i)
    made.owners.push_back(sql::to_bytes(places[static_cast<std::size_t>(i)].second));
  return made;
}

std::uint32_t poller::loop::nearest() const {
  std::uint32_t place = UINT32_MAX;
  for (const auto& [owner, entry] : waiting_)
    if (entry.told == time_point::min()) place = std::min(place, entry.place);
  return place;
}

void poller::loop::poll(guard& lock) {
  const time_point now = boot_clock::now();
  polled_at_ = now;
  const auto asked = ask(std::exchange(look_due_, false), now);
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
      if (asked.looks) {
        add_clients();
        add_clients();
      }
      const auto& texts = tables_->texts();
      answers.push_back(on.run((asked.looks ? texts.look : texts.poll).text(some.size()), with, by));
    }
  });
  if (!done) return;
  std::vector<std::string> free;
  result all;
  for (auto& each : answers) std::move(each.rows.begin(), each.rows.end(), std::back_inserter(all.rows));
  free = learn(asked, all);
  const auto statements = static_cast<std::int64_t>(answers.size());
  poll_at_ = now + std::max<duration>(poll_every(nearest()), shortest_poll * statements);
  if (free.empty()) return;
  std::vector<mysql::told> turns;
  with_server(lock, [&](connection& on, time_point by) {
    for (const auto& name : free) tables_->promote(on, name, by, turns.emplace_back());
  });
  for (const auto& each : turns) tell_turn(each.owner, boot_clock::now());
}

void poller::loop::tell_turn(const core::owner_id& owner, time_point now) {
  const auto found = waiting_.find(owner);
  if (found == waiting_.end()) return;
  auto& entry = found->second;
  if (entry.told != time_point::min() && now - entry.told < tell_again) return;
  entry.told = now;
  hints_.push_back({entry.of, owner});
}

/// The names that are free though somebody waits.
std::vector<std::string> poller::loop::learn(const question& asked, const result& news_of) {
  std::vector<std::string> free;
  std::unordered_map<core::owner_id, std::int64_t> tickets;
  for (const auto& row : news_of.rows) {
    switch (static_cast<news>(row.at(0).number)) {
      case news::turn:
        tell_turn(sql::from_bytes(row.at(1).bytes), asked.at);
        break;
      case news::place:
        if (const auto found = waiting_.find(sql::from_bytes(row.at(1).bytes)); found != waiting_.end())
          found->second.place = static_cast<std::uint32_t>(row.at(3).number);
        break;
      case news::free:
        free.push_back(row.at(1).bytes);
        break;
      case news::tickets:
        tickets[sql::from_bytes(row.at(2).bytes)] = row.at(3).number;
        break;
    }
  }
  if (asked.looks) {
    looked_at_ = asked.at;
    check_tickets(asked, tickets);
  }
  return free;
}

/// A ticket may be gone: this client was silent for so long that it was cleaned up, or somebody tampered with the
/// tables. Then the client's waiters all look.
void poller::loop::check_tickets(const question& asked,
                                 const std::unordered_map<core::owner_id, std::int64_t>& counts) {
  std::unordered_map<core::owner_id, std::int64_t> expected;
  for (const auto& [owner, entry] : waiting_)
    if (entry.told == time_point::min() && entry.since < asked.at - tell_again) ++expected[entry.of->id()];
  for (auto& [owner, entry] : waiting_) {
    const auto wanted = expected.find(entry.of->id());
    if (wanted == expected.end()) continue;
    const auto found = counts.find(entry.of->id());
    if ((found == counts.end() ? 0 : found->second) >= wanted->second) continue;
    if (entry.told == time_point::min()) tell_turn(owner, asked.at);
  }
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
