#include "store/redis/listener.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "core/condition.hpp"
#include "core/worker.hpp"
#include "store/redis/errors.hpp"
#include "store/redis/greeting.hpp"
#include "store/redis/transport.hpp"
#include "store/redis/wire.hpp"

namespace holdfast::redis {

/// What the thread needs, and keeps if it outlives the listener.
class listener::loop {
 public:
  loop(settings where, std::shared_ptr<const tls_context> with, std::string channel, options how, callbacks tell)
      : where_{std::move(where)},
        tls_{std::move(with)},
        channel_{std::move(channel)},
        how_{how},
        tell_{std::move(tell)} {}

  void run();
  void stop() noexcept;
  [[nodiscard]] bool subscribed() const noexcept { return subscribed_.load(std::memory_order_acquire); }
  status wait_until_subscribed(time_point by);

 private:
  void listen();
  void subscribe(transport& with, parser& reader, time_point by);
  /// False when nothing came in time.
  bool hear(transport& with, parser& reader, time_point until);
  void deliver(const reply& what);
  void pause(duration span);

  const settings where_;
  const std::shared_ptr<const tls_context> tls_;
  const std::string channel_;
  const options how_;
  const callbacks tell_;

  std::atomic<bool> stopped_{false};
  std::atomic<bool> subscribed_{false};
  std::mutex mutex_;
  core::condition changed_;
  transport* in_use_ = nullptr;  // guarded by mutex_, like all below
  std::uint64_t attempts_ = 0;
  status last_attempt_;
};

void listener::loop::run() {
  duration next_pause = how_.shortest_pause;
  while (!stopped_) {
    status why;
    const auto began = boot_clock::now();
    try {
      listen();
    } catch (const failure& how) {
      why = how.why;
    } catch (const std::exception& how) {
      why = {errc::unavailable, where_.shown + ": " + how.what()};
    }
    const bool stood = subscribed_.exchange(false);
    {
      const std::lock_guard lock{mutex_};
      ++attempts_;
      last_attempt_ = why;
    }
    changed_.notify_all();
    // A connection that stood is made again at once, unless it never stands for long.
    if (stood && boot_clock::now() - began > how_.longest_pause) next_pause = how_.shortest_pause;
    if (!stopped_) pause(next_pause);
    next_pause = std::min(next_pause * 2, how_.longest_pause);
  }
}

/// One connection, from its greeting to its end; ends by throwing `failure`, or when stopped.
void listener::loop::listen() {
  const auto by = boot_clock::now() + how_.connect_timeout;
  transport with{where_, tls_.get(), by};
  struct registration {
    loop& of;
    registration(loop& self, transport& what) : of{self} { set(&what); }
    ~registration() { set(nullptr); }
    void set(transport* what) const {
      const std::lock_guard lock{of.mutex_};
      of.in_use_ = what;
    }
  } const registered{*this, with};
  parser reader;
  subscribe(with, reader, by);
  subscribed_.store(true, std::memory_order_release);
  {
    const std::lock_guard lock{mutex_};  // Between a waiter's look and its sleep nothing may be notified.
  }
  changed_.notify_all();
  if (!stopped_) tell_.missed();
  while (!stopped_) {
    if (hear(with, reader, boot_clock::now() + how_.ping_every) || stopped_) continue;
    std::string ping;
    append_command(ping, std::array<std::string_view, 1>{"PING"});
    with.send_all(ping, boot_clock::now() + how_.ping_every);
    if (!hear(with, reader, boot_clock::now() + how_.ping_every))
      throw failure{{errc::unavailable, where_.shown + ": the server does not answer"}};
  }
}

void listener::loop::subscribe(transport& with, parser& reader, time_point by) {
  std::vector<reply> answers;
  // In the greeting's round trip.
  greet(with, reader, where_, {{"SUBSCRIBE", channel_}}, answers, by);
  if (answers.at(0).is == reply::kind::error) throw failure{explain_reply(answers[0].text, where_.shown)};
}

bool listener::loop::hear(transport& with, parser& reader, time_point until) {
  std::string bytes;
  if (!with.receive(bytes, until)) return false;
  std::vector<reply> replies;
  const bool readable = reader.feed(bytes, replies);
  for (const auto& each : replies) {
    if (stopped_) return true;
    deliver(each);
  }
  if (!readable) throw failure{explain_garbage(bytes, reader.fault(), where_.shown)};
  return true;
}

void listener::loop::deliver(const reply& what) {
  if (what.is == reply::kind::error) throw failure{explain_reply(what.text, where_.shown)};
  if (what.is == reply::kind::array && what.items.size() == 3 && what.items[0].text == "message")
    tell_.message(what.items[2].text);
}

void listener::loop::pause(duration span) {
  std::unique_lock lock{mutex_};
  const auto until = boot_clock::now() + span;
  while (!stopped_ && boot_clock::now() < until) changed_.wait_for(lock, until - boot_clock::now());
}

void listener::loop::stop() noexcept {
  const std::lock_guard lock{mutex_};
  stopped_ = true;
  if (in_use_ != nullptr) in_use_->wire().shut();
  changed_.notify_all();
}

status listener::loop::wait_until_subscribed(time_point by) {
  std::unique_lock lock{mutex_};
  const auto before = attempts_;
  while (!subscribed()) {
    if (attempts_ != before && !last_attempt_.ok()) return last_attempt_;
    const auto left = by - boot_clock::now();
    if (left <= duration::zero())
      return {errc::unavailable, where_.shown + ": could not subscribe to the server's messages in time"};
    changed_.wait_for(lock, left);
  }
  return {};
}

listener::listener(settings where, std::shared_ptr<const tls_context> with, std::string channel, options how,
                   callbacks tell)
    : loop_{std::make_shared<loop>(std::move(where), std::move(with), std::move(channel), how, std::move(tell))} {}

listener::~listener() {
  loop_->stop();
  core::leave_worker(thread_);
}

status listener::ready(time_point by) {
  if (loop_->subscribed()) return {};
  {
    const std::lock_guard lock{starting_};
    if (!thread_.joinable()) {
      try {
        thread_ = core::start_worker("hf-redis-turns", [with = loop_] { with->run(); });
      } catch (const std::system_error& why) {
        return {errc::unavailable, std::string{"no thread to listen for turns: "} + why.what()};
      }
    }
  }
  return loop_->wait_until_subscribed(by);
}

}  // namespace holdfast::redis
