#include "store/postgres/listener.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <span>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/worker.hpp"
#include "store/postgres/descriptor.hpp"

namespace holdfast::postgres {
namespace {

constexpr duration longest_sleep = std::chrono::minutes{1};
constexpr duration shortest_pause = std::chrono::milliseconds{50};
constexpr duration longest_pause = std::chrono::seconds{2};

/// For who polls: at most 20 statements a second.
constexpr duration shortest_poll = std::chrono::milliseconds{50};
constexpr std::size_t largest_poll = 500;

duration poll_every(std::uint32_t position) noexcept {
  return shortest_poll * (1 + std::min<std::uint32_t>(position, 9));
}

}  // namespace

class listener::loop {
 public:
  explicit loop(std::shared_ptr<inside> of) : of_{std::move(of)} {}

  void set(core::store::turn_callback callback) { callback_ = std::move(callback); }

  void add(const core::request& what, std::uint32_t position) {
    const std::lock_guard lock{mutex_};
    auto& one = waiting_[what.owner];
    one.resource = what.resource;
    one.position = position;
    one.told = false;
    one.due = std::min(one.due, boot_clock::now() + poll_every(position));
  }

  void remove(const core::owner_id& owner) noexcept {
    const std::lock_guard lock{mutex_};
    waiting_.erase(owner);
  }

  void stop() noexcept {
    stopped_ = true;
    rouse();
  }

  /// Wakes the thread: somebody waits, or it is to stop.
  void rouse() noexcept {
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
  }

  void run() {
    duration pause = shortest_pause;
    while (!stopped_) {
      try {
        if (of_->at.pooled())
          poll_once();
        else
          listen(pause);
        continue;
      } catch (const failure&) {
      } catch (const std::exception&) {
      }
      // The verbs tell of what is wrong; here it only costs time.
      sleep(pause);
      pause = std::min(2 * pause, longest_pause);
    }
  }

 private:
  struct waiter {
    std::string resource;
    std::uint32_t position = 0;
    bool told = false;  ///< That it is its turn, since it last asked.
    time_point due = time_point::max();
  };

  void tell(const core::owner_id& owner) {
    {
      const std::lock_guard lock{mutex_};
      const auto known = waiting_.find(owner);
      if (known != waiting_.end() && std::exchange(known->second.told, true)) return;
    }
    if (!stopped_ && callback_) callback_(owner);
  }

  void sleep(duration span) noexcept {
    struct pollfd one {
      wake_.get(), POLLIN, 0
    };
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::clamp<duration>(span, duration{}, longest_sleep));
    ::poll(&one, 1, static_cast<int>(ms.count()));
    drain();
  }

  void drain() noexcept {
    std::uint64_t ignored = 0;
    (void)!::read(wake_.get(), &ignored, sizeof ignored);
  }

  /// Until it fails or is stopped.
  void listen(duration& pause) {
    const auto by = boot_clock::now() + of_->at.command_timeout();
    const auto on = of_->at.connect(by);
    if (on->pooled()) return;
    on->run_script("LISTEN holdfast_" + of_->client.hex(), by);
    pause = shortest_pause;
    look_at_all();  // What was told before nobody has heard.
    while (!stopped_) {
      if (on->listen(wake_.get(), boot_clock::now() + longest_sleep,
                     [this](std::string_view payload) { tell(core::owner_id::from_hex(payload)); }))
        drain();
    }
  }

  using request_names = std::vector<std::pair<core::owner_id, std::string>>;

  void look_at_all() {
    request_names all;
    {
      const std::lock_guard lock{mutex_};
      for (const auto& [owner, one] : waiting_) all.emplace_back(owner, one.resource);
    }
    for (std::span<const request_names::value_type> rest{all}; !rest.empty() && !stopped_;) {
      const auto some = rest.first(std::min(rest.size(), largest_poll));
      look(some);
      rest = rest.subspan(some.size());
    }
  }

  void poll_once() {
    request_names due;
    time_point next = time_point::max();
    {
      const std::lock_guard lock{mutex_};
      const auto now = boot_clock::now();
      for (auto& [owner, one] : waiting_) {
        if (one.due <= now && due.size() < largest_poll) {
          due.emplace_back(owner, one.resource);
          one.due = now + poll_every(one.position);
        }
        next = std::min(next, one.due);
      }
    }
    const auto begun = boot_clock::now();
    if (!due.empty()) look(due);
    if (next == time_point::max())
      sleep(longest_sleep);
    else
      sleep((due.empty() ? next : std::max(next, begun + shortest_poll)) - boot_clock::now());
  }

  void look(std::span<const request_names::value_type> due) {
    std::vector<core::waiter_ref> waiters;
    for (const auto& [owner, name] : due) waiters.push_back({name, owner});
    std::vector<core::wait_verdict> verdicts(due.size(), core::wait_verdict::unknown);
    of_->verbs.heartbeat(waiters, verdicts, boot_clock::now() + of_->at.command_timeout());
    for (std::size_t i = 0; i < due.size(); ++i)
      if (verdicts[i] == core::wait_verdict::your_turn || verdicts[i] == core::wait_verdict::gone) tell(due[i].first);
  }

  const std::shared_ptr<inside> of_;
  core::store::turn_callback callback_;
  std::atomic<bool> stopped_{false};
  const descriptor wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex_;
  std::unordered_map<core::owner_id, waiter> waiting_;  // guarded by mutex_
};

listener::listener(std::shared_ptr<inside> of) : loop_{std::make_shared<loop>(std::move(of))} {}

listener::~listener() {
  if (!thread_.joinable()) return;
  loop_->stop();
  core::leave_worker(thread_);
}

void listener::set(core::store::turn_callback callback) { loop_->set(std::move(callback)); }

void listener::waits(const core::request& what, std::uint32_t position) {
  loop_->add(what, position);
  const std::lock_guard lock{starting_};
  if (thread_.joinable()) return loop_->rouse();
  try {
    thread_ = core::start_worker("hf-pg-listen", [with = loop_] { with->run(); });
  } catch (const std::system_error&) {  // No thread to be had: the waiters' timers must do.
  }
}

void listener::waits_no_more(const core::owner_id& owner) noexcept { loop_->remove(owner); }

}  // namespace holdfast::postgres
