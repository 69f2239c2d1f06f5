#include "store/postgres/session_book.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <system_error>
#include <unordered_map>

#include "core/worker.hpp"
#include "store/postgres/descriptor.hpp"

namespace holdfast::postgres {

using state = session_tenure::state;

class session_book::loop {
 public:
  explicit loop(std::shared_ptr<void> kept) : kept_{std::move(kept)} { follow(wake_.get()); }

  void on_turn(core::store::turn_callback callback) { turn_ = std::move(callback); }
  void on_loss(core::store::loss_callback callback) { loss_ = std::move(callback); }

  std::shared_ptr<session_tenure> take(const core::owner_id& owner, const core::request* to_make, time_point by);
  void put_back(session_tenure& what) noexcept;
  bool knows(const core::owner_id& owner) {
    const std::lock_guard lock{mutex_};
    return entries_.contains(owner);
  }
  void stop() noexcept;
  void run();

 private:
  struct entry {
    std::shared_ptr<session_tenure> what;
    bool lent = false;
    int watched = -1;  ///< The descriptor.
  };
  struct news {
    bool turn = false;
    std::optional<status> loss;
  };

  void follow(int socket) noexcept;
  void unfollow(entry& of) noexcept;  // mutex_ is held
  void look_at(int socket);
  static news look(session_tenure& what);

  const std::shared_ptr<void> kept_;
  core::store::turn_callback turn_;
  core::store::loss_callback loss_;
  std::atomic<bool> stopped_{false};
  const descriptor events_{::epoll_create1(EPOLL_CLOEXEC)};
  const descriptor wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex_;
  std::condition_variable freed_;
  std::unordered_map<core::owner_id, entry> entries_;      // guarded by mutex_
  std::unordered_map<int, core::owner_id> by_descriptor_;  // guarded by mutex_
};

void session_book::loop::follow(int socket) noexcept {
  epoll_event what{};
  what.events = EPOLLIN | EPOLLRDHUP;
  what.data.fd = socket;
  ::epoll_ctl(events_.get(), EPOLL_CTL_ADD, socket, &what);
}

void session_book::loop::unfollow(entry& of) noexcept {
  if (of.watched < 0) return;
  ::epoll_ctl(events_.get(), EPOLL_CTL_DEL, of.watched, nullptr);
  by_descriptor_.erase(of.watched);
  of.watched = -1;
}

std::shared_ptr<session_tenure> session_book::loop::take(const core::owner_id& owner, const core::request* to_make,
                                                         time_point by) {
  std::unique_lock lock{mutex_};
  while (true) {
    const auto found = entries_.find(owner);
    if (found == entries_.end()) {
      if (to_make == nullptr) return nullptr;
      auto made = std::make_shared<session_tenure>(owner, to_make->resource);
      entries_.emplace(owner, entry{made, true, -1});
      return made;
    }
    if (!found->second.lent) {
      unfollow(found->second);
      found->second.lent = true;
      return found->second.what;
    }
    const auto left = by - boot_clock::now();
    if (left <= duration::zero())
      throw failure{
          {errc::unavailable, "another request for the same lock takes too long"}, failure::remedy::none, true};
    freed_.wait_for(lock, std::min<duration>(left, std::chrono::hours{1}));
  }
}

void session_book::loop::put_back(session_tenure& what) noexcept {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(what.owner);
  freed_.notify_all();
  if (what.is == state::fresh) {
    entries_.erase(found);
    return;
  }
  found->second.lent = false;
  if (!what.on) return;
  found->second.watched = (*what.on)->socket();
  by_descriptor_.emplace(found->second.watched, what.owner);
  follow(found->second.watched);
}

void session_book::loop::stop() noexcept {
  stopped_ = true;
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

void session_book::loop::run() {
  std::array<epoll_event, 64> some{};
  while (!stopped_) {
    const int found = ::epoll_wait(events_.get(), some.data(), static_cast<int>(some.size()), -1);
    for (int i = 0; i < found && !stopped_; ++i)
      if (const int socket = some[static_cast<std::size_t>(i)].data.fd; socket != wake_.get()) look_at(socket);
  }
}

void session_book::loop::look_at(int socket) {
  std::shared_ptr<session_tenure> what;
  {
    const std::lock_guard lock{mutex_};
    const auto whose = by_descriptor_.find(socket);
    if (whose == by_descriptor_.end()) return;  // A verb has it since.
    entry& found = entries_.at(whose->second);
    unfollow(found);
    found.lent = true;
    what = found.what;
  }
  const news told = look(*what);
  put_back(*what);
  if (stopped_) return;
  if (told.turn && turn_) turn_(what->owner);
  if (told.loss && loss_) loss_(what->owner, *told.loss);
}

/// Reads what has come; waits for nothing.
session_book::loop::news session_book::loop::look(session_tenure& what) {
  connection& on = **what.on;
  const bool was_held = what.is == state::held;
  try {
    if (what.is == state::waiting) {
      const auto given = on.answer(boot_clock::now());
      if (!given) return {};
      what.token = static_cast<std::uint64_t>(given->number(0, 0));
      what.is = state::given;
      return {.turn = true, .loss = {}};
    }
    if (what.asked) {
      what.asked = !on.answer(boot_clock::now());
      return {};
    }
    if (on.alive()) return {};
    what.end();
    if (!was_held) return {.turn = true, .loss = {}};
    return {.turn = false, .loss = status{errc::not_held, "the server ended the session that had the lock"}};
  } catch (const failure& failed) {
    what.end();
    if (was_held) return {.turn = false, .loss = status{errc::not_held, failed.why.message()}};
    return {.turn = true, .loss = {}};
  }
}

session_book::session_book(std::shared_ptr<void> kept) : loop_{std::make_shared<loop>(std::move(kept))} {}

session_book::~session_book() {
  if (!thread_.joinable()) return;
  loop_->stop();
  core::leave_worker(thread_);
}

void session_book::on_turn(core::store::turn_callback callback) { loop_->on_turn(std::move(callback)); }
void session_book::on_loss(core::store::loss_callback callback) { loop_->on_loss(std::move(callback)); }

session_book::grip session_book::take(const core::owner_id& owner, time_point by) {
  return {loop_, loop_->take(owner, nullptr, by)};
}

session_book::grip session_book::take_or_make(const core::request& what, time_point by) {
  return {loop_, loop_->take(what.owner, &what, by)};
}

bool session_book::knows(const core::owner_id& owner) { return loop_->knows(owner); }

void session_book::grip::let_go() noexcept {
  if (what_) of_->put_back(*what_);
  what_.reset();
}

void session_book::start() {
  const std::lock_guard lock{starting_};
  if (thread_.joinable()) return;
  try {
    thread_ = core::start_worker("hf-pg-session", [with = loop_] { with->run(); });
  } catch (const std::system_error&) {  // No thread to be had: waiters' timers and renewals must do.
  }
}

}  // namespace holdfast::postgres
