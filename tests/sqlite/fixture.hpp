#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "core/store.hpp"
#include "store/sqlite/boot_identity.hpp"
#include "store/sqlite/store.hpp"

namespace holdfast::sqlite::test {

using namespace std::chrono_literals;
using core::owner_id;
using outcome = core::turn_answer::outcome;

inline time_point soon() { return boot_clock::now() + 30s; }

/// A folder of its own for each test, gone after it.
class folder {
 public:
  folder() {
    std::string made = std::filesystem::temp_directory_path() / "holdfast-sqlite-XXXXXX";
    if (::mkdtemp(made.data()) == nullptr) std::abort();
    path_ = made;
  }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  [[nodiscard]] std::string operator/(std::string_view name) const { return path_ + "/" + std::string{name}; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline core::request ask_for(std::string name, duration ttl = 30s, std::uint32_t reserve = 0) {
  core::request what;
  what.resource = std::move(name);
  what.owner = owner_id::random();
  what.ttl = ttl;
  what.reserve = reserve;
  what.party = "pid=" + std::to_string(::getpid()) + "\n";
  return what;
}

inline core::lease_ref lease_of(const core::request& what, std::uint64_t token, duration ttl = 30s) {
  return {what.resource, what.owner, ttl, token};
}

/// Collects hints, and lets a test wait for one.
class hints {
 public:
  core::store::turn_callback callback() {
    return [this](const owner_id& who) {
      const std::lock_guard lock{mutex_};
      heard_.insert(who);
      changed_.notify_all();
    };
  }
  bool wait_for(const owner_id& who, duration longest = 20s) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, longest, [&] { return heard_.contains(who) || heard_.contains(owner_id{}); });
  }
  std::size_t count() {
    const std::lock_guard lock{mutex_};
    return heard_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<owner_id> heard_;
};

/// Until `holds` does; false after a long time.
inline bool eventually(const std::function<bool()>& holds, duration longest = 20s) {
  const auto by = boot_clock::now() + longest;
  while (!holds()) {
    if (boot_clock::now() > by) return false;
    ::usleep(1000);
  }
  return true;
}

inline std::unique_ptr<core::store> open(const std::string& path, std::optional<machine> on = std::nullopt) {
  return open_store(path, "sqlite:" + path, {}, std::move(on));
}

/// Runs `body` in a forked process (which must have no use for this one's threads); its exit code.
inline int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 99;
    try {
      code = body();
    } catch (...) {
    }
    ::_exit(code);
  }
  int how = 0;
  ::waitpid(child, &how, 0);
  return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
}

class with_store : public ::testing::Test {
 protected:
  folder where;
  std::string path = where / "locks.db";
};

}  // namespace holdfast::sqlite::test
