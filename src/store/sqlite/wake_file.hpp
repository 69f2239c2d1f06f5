#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "holdfast/clock.hpp"

/// The file PATH-holdfast beside the database, through which processes see whether a waiter is alive and wake it.
///
/// Each store that waits has an address: a large random number. It holds a lock (of its open file description) on the
/// one byte at that offset, far beyond the file's end: the kernel drops it when the process ends, however it ends, so
/// a lock test is an exact answer, and neither slots nor heartbeats are kept. A futex word, chosen by the address among
/// the file's few hundred, wakes it; two that share one wake each other in vain now and then.
///
/// Nothing is ever read from the file that a decision depends on, and the mapping is only given to the futex system
/// call, never touched: whatever the file contains, or if it is cut short or removed, a wake-up may be lost (timers
/// make up for it) and nothing else.
namespace holdfast::sqlite {

class wake_file {
 public:
  /// Beside the database `path`. Does no I/O yet.
  explicit wake_file(const std::string& path);
  ~wake_file();
  wake_file(const wake_file&) = delete;
  wake_file& operator=(const wake_file&) = delete;

  /// This store's address, from the first call until the destructor. 0 if the file can't be used: nobody can tell
  /// then whether it is alive, or wake it. Thread-safe, like all here.
  std::int64_t address() noexcept;
  /// Puts things right if the file was removed or cut since.
  void refresh() noexcept { (void)address(); }
  /// False only if it is certain that the store at `address` is no more.
  bool alive(std::int64_t address) noexcept;
  void wake(std::int64_t address) noexcept;
  /// Ends this store's own sleep.
  void rouse() noexcept;

  /// The word of this store now. Taken before looking for news, given to `sleep` after.
  std::uint32_t word() noexcept;
  /// Until the word has another value, or until it seems so, or for `longest`.
  void sleep(std::uint32_t word, duration longest) noexcept;

 private:
  struct opened;
  std::shared_ptr<opened> current() noexcept;
  std::shared_ptr<opened> open_anew() const noexcept;
  static void poke(const opened& file, std::int64_t address) noexcept;

  const std::string path_;
  const std::string database_;
  const std::int64_t address_;
  std::mutex mutex_;
  bool addressed_ = false;
  std::shared_ptr<opened> opened_;
  std::shared_ptr<opened> slept_on_;  // the file that this store's sleeper is in, or was last
};

}  // namespace holdfast::sqlite
