#include "store/postgres/housekeeper.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "core/worker.hpp"

namespace holdfast::postgres {
namespace {

/// One grant of so many that found no free row looks through so many rows: more go than come.
constexpr std::uint64_t one_of = 16;
constexpr std::int64_t rows_at_once = 500;
constexpr duration longest = std::chrono::seconds{2};

}  // namespace

struct housekeeper::state {
  std::shared_ptr<inside> of;
  std::mutex mutex;
  std::condition_variable changed;
  bool wanted = false;  // guarded by mutex, like all below
  bool stopped = false;
  std::thread thread;

  void run() {
    std::unique_lock lock{mutex};
    while (!stopped) {
      if (!std::exchange(wanted, false)) {
        changed.wait(lock);
        continue;
      }
      lock.unlock();
      try {
        of->verbs.clean(std::nullopt, rows_at_once, clean_margin, boot_clock::now() + longest);
      } catch (const std::exception&) {  // There will be another time. The verbs tell of what is wrong.
      }
      lock.lock();
    }
  }
};

housekeeper::housekeeper(std::shared_ptr<inside> of) : state_{std::make_shared<state>()} { state_->of = std::move(of); }

housekeeper::~housekeeper() {
  {
    const std::lock_guard lock{state_->mutex};
    state_->stopped = true;
    state_->changed.notify_one();
  }
  if (state_->thread.joinable()) state_->thread.join();
}

void housekeeper::granted(const core::request& what) {
  if (what.owner.low() % one_of != 0) return;
  const std::lock_guard lock{state_->mutex};
  state_->wanted = true;
  state_->changed.notify_one();
  if (state_->thread.joinable()) return;
  try {
    state_->thread = core::start_worker("hf-pg-clean", [with = state_] { with->run(); });
  } catch (const std::system_error&) {  // Another client will do it.
  }
}

void clean_up_by_hand(inside& in, std::string& cursor, std::uint64_t& forgotten, time_point by) {
  constexpr std::int64_t rows = 5000;
  // By hand one wants to see that something goes.
  constexpr duration margin = std::chrono::minutes{1};
  constexpr auto pause = std::chrono::milliseconds{20};
  while (true) {
    const auto done = in.verbs.clean(cursor, rows, margin, by);
    if (done.mine) {
      forgotten += done.deleted;
      cursor = done.next;
      break;
    }
    if (boot_clock::now() + pause >= by)
      throw failure{{errc::busy, in.at.with().shown + ": another client is cleaning up all the time"}};
    std::this_thread::sleep_for(pause);
  }
  if (!cursor.empty()) return;
  // Else the server's own vacuum does it; and must where this user does not own the tables.
  try {
    in.at.on_connection(by, [&](connection& on) {
      for (const char* const suffix : {"", "_waiter"}) on.run_script("VACUUM " + in.at.with().table.with(suffix), by);
    });
  } catch (const failure&) {
  }
}

}  // namespace holdfast::postgres
