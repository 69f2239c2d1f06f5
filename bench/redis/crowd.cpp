#include "redis/crowd.hpp"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "process.hpp"
#include "redis/bare.hpp"
#include "store/redis/layout.hpp"

namespace holdfast::bench {

namespace {

constexpr std::size_t most_turns = 100'000;

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// A client has three connections.
void allow_many_files() {
  rlimit most{};
  ::getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = most.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &most);
}

void wait_until(const std::function<bool()>& holds, const char* what) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error{std::string{"not within a minute: "} + what};
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

}  // namespace

/// What the processes share.
struct crowd::board {
  std::atomic<std::uint32_t> stop_at;  ///< So many turns, and no more.
  std::atomic<std::uint32_t> turns;
  std::array<turn, most_turns> of;

  static board* open(const std::filesystem::path& file, int flags) {
    const int fd = ::open(file.c_str(), flags | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, sizeof(board)) != 0) throw std::system_error{errno, std::generic_category(), file};
    void* const at = ::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (at == MAP_FAILED) throw std::system_error{errno, std::generic_category(), "mmap"};
    return static_cast<board*>(at);
  }
};

crowd::crowd(const redis_server& server, const std::filesystem::path& folder, std::size_t clients)
    : clients_{clients},
      file_{folder / ("crowd-" + std::to_string(now()))},
      board_{board::open(file_, O_CREAT | O_EXCL)},
      holder_{server.url()},
      held_{holder_.acquire(crowd_name)} {
  board_->stop_at = most_turns;
  const std::size_t processes = std::min<std::size_t>(clients, 8);
  const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
  std::size_t first = 0;
  for (std::size_t i = 0; i < processes; ++i) {
    const auto count = clients / processes + (i < clients % processes ? 1 : 0);
    processes_.push_back(
        start({self, "crowd", server.url(), file_.string(), std::to_string(first), std::to_string(count)}));
    first += count;
  }
  bare asking{server, bare::over::unix_socket};
  const redis::resource_keys keys{crowd_name};
  try {
    wait_until(
        [&] {
          return asking.command({"ZCARD", keys.all()[2]})->integer == static_cast<long long>(clients);
        },
        "every client waits");
  } catch (...) {
    end();
    throw;
  }
}

crowd::~crowd() { end(); }

crowd::board* crowd::attach(const std::filesystem::path& file) { return board::open(file, 0); }

/// Everybody has one more turn, and goes: who is killed would keep its place for a while.
void crowd::end() noexcept {
  board_->stop_at = 0;
  if (held_.owns_lock()) static_cast<void>(held_.release());
  for (const auto each : processes_) static_cast<void>(wait_for(each));
  ::munmap(board_, sizeof(board));
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

std::vector<crowd::turn> crowd::run(std::size_t turns) {
  const std::uint32_t before = board_->turns;
  const auto until = before + static_cast<std::uint32_t>(turns);
  if (until > most_turns) throw std::runtime_error{"too many turns for the board"};
  if (held_.owns_lock()) static_cast<void>(held_.release());
  wait_until([&] { return board_->turns > until; }, "the turns");
  return {board_->of.begin() + before, board_->of.begin() + until};
}

int be_crowd(const std::string& url, const std::string& file, std::size_t first, std::size_t count) {
  allow_many_files();
  auto& with = *crowd::attach(file);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&, number = static_cast<std::uint32_t>(first + i)] {
      client mine{url};
      mutex lock{mine, crowd_name};
      while (with.turns < with.stop_at) {
        lock.lock();
        const auto at = with.turns.fetch_add(1);
        if (at < most_turns) {
          with.of[at].locked = now();
          with.of[at].client = number;
          with.of[at].unlocked = now();
        }
        lock.unlock();
      }
    });
  return 0;
}

std::vector<double> hand_offs(const std::vector<crowd::turn>& turns) {
  std::vector<double> seconds;
  for (std::size_t i = 1; i < turns.size(); ++i)
    seconds.push_back(static_cast<double>(turns[i].locked - turns[i - 1].unlocked) / 1e9);
  return seconds;
}

}  // namespace holdfast::bench
