#include "store/sqlite/wake_file.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <ctime>

#include "core/owner_id.hpp"

namespace holdfast::sqlite {
namespace {

constexpr std::size_t file_size = 4096;
constexpr std::int64_t words = file_size / sizeof(std::uint32_t);
constexpr std::int64_t lowest_address = std::int64_t{1} << 32;

std::int64_t random_address() {
  constexpr auto mask = (std::uint64_t{1} << 62) - 1;
  return static_cast<std::int64_t>(core::owner_id::random().low() & mask) | lowest_address;
}

off_t word_offset(std::int64_t address) noexcept {
  return static_cast<off_t>((address % words) * static_cast<std::int64_t>(sizeof(std::uint32_t)));
}

struct flock one_byte(std::int64_t address) noexcept {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = address;
  range.l_len = 1;
  return range;
}

std::timespec to_timespec(duration span) noexcept {
  return {static_cast<std::time_t>(span.count() / 1'000'000'000), static_cast<long>(span.count() % 1'000'000'000)};
}

}  // namespace

/// The file opened twice: a lock test through the descriptor that holds the lock would find nothing.
struct wake_file::opened {
  int own = -1;
  int probe = -1;
  void* map = MAP_FAILED;
  dev_t device{};
  ino_t inode{};
  bool locked = false;

  opened() = default;
  opened(const opened&) = delete;
  opened& operator=(const opened&) = delete;
  ~opened() {
    if (map != MAP_FAILED) ::munmap(map, file_size);
    if (probe >= 0) ::close(probe);
    if (own >= 0) ::close(own);
  }
  [[nodiscard]] void* word_at(std::int64_t address) const noexcept {
    return static_cast<char*>(map) + word_offset(address);
  }
};

wake_file::wake_file(const std::string& path)
    : path_{path + "-holdfast"}, database_{path}, address_{random_address()} {}

wake_file::~wake_file() = default;

std::shared_ptr<wake_file::opened> wake_file::open_anew() const noexcept {
  try {
    auto made = std::make_shared<opened>();
    constexpr int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    made->own = ::open(path_.c_str(), flags | O_CREAT | O_EXCL, 0600);
    if (made->own >= 0) {
      // Open to whom the database is open to, whatever the umask.
      struct stat database {};
      if (::stat(database_.c_str(), &database) == 0) {
        (void)::fchmod(made->own, database.st_mode & 0666);
        if (::geteuid() == 0) (void)!::fchown(made->own, database.st_uid, database.st_gid);
      }
    } else {
      made->own = ::open(path_.c_str(), flags);
    }
    made->probe = ::open(path_.c_str(), flags);
    struct stat own {};
    struct stat probe {};
    if (made->own < 0 || made->probe < 0 || ::fstat(made->own, &own) != 0 || ::fstat(made->probe, &probe) != 0 ||
        !S_ISREG(own.st_mode) || own.st_ino != probe.st_ino || own.st_dev != probe.st_dev) {
      return nullptr;
    }
    if (own.st_size < static_cast<off_t>(file_size) && ::ftruncate(made->own, file_size) != 0) return nullptr;
    made->map = ::mmap(nullptr, file_size, PROT_READ | PROT_WRITE, MAP_SHARED, made->own, 0);
    if (made->map == MAP_FAILED) return nullptr;
    made->device = own.st_dev;
    made->inode = own.st_ino;
    return made;
  } catch (...) {
    return nullptr;
  }
}

std::shared_ptr<wake_file::opened> wake_file::current() noexcept {
  const std::lock_guard lock{mutex_};
  struct stat now {};
  const bool there = ::stat(path_.c_str(), &now) == 0;
  if (!opened_ || !there || now.st_ino != opened_->inode || now.st_dev != opened_->device) {
    if (auto made = open_anew()) opened_ = std::move(made);
  } else if (now.st_size < static_cast<off_t>(file_size)) {
    (void)!::ftruncate(opened_->own, file_size);
  }
  if (opened_ && addressed_ && !opened_->locked) {
    auto range = one_byte(address_);
    opened_->locked = ::fcntl(opened_->own, F_OFD_SETLK, &range) == 0;
  }
  return opened_;
}

std::int64_t wake_file::address() noexcept {
  {
    const std::lock_guard lock{mutex_};
    addressed_ = true;
  }
  const auto file = current();
  return file && file->locked ? address_ : 0;
}

bool wake_file::alive(std::int64_t address) noexcept {
  if (address < lowest_address || address == address_) return true;
  const auto file = current();
  if (!file) return true;
  auto range = one_byte(address);
  return ::fcntl(file->probe, F_OFD_GETLK, &range) != 0 || range.l_type != F_UNLCK;
}

void wake_file::wake(std::int64_t address) noexcept {
  if (address < lowest_address) return;
  if (const auto file = current()) poke(*file, address);
}

void wake_file::rouse() noexcept {
  std::shared_ptr<opened> slept_on;
  {
    const std::lock_guard lock{mutex_};
    slept_on = slept_on_;
  }
  if (slept_on) poke(*slept_on, address_);
  // Who is about to sleep for the first time, or on a file that has taken the old one's place, has read that one's word.
  if (const auto open = current(); open && open != slept_on) poke(*open, address_);
}

void wake_file::poke(const opened& file, std::int64_t address) noexcept {
  // Any other value will do; two wakers at once may write the same, both for the same news.
  const auto value = static_cast<std::uint32_t>(boot_clock::now().time_since_epoch().count());
  (void)!::pwrite(file.own, &value, sizeof value, word_offset(address));
  ::syscall(SYS_futex, file.word_at(address), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

std::uint32_t wake_file::word() noexcept {
  std::uint32_t value = 0;
  const auto file = current();
  if (file) (void)!::pread(file->own, &value, sizeof value, word_offset(address_));
  return value;
}

void wake_file::sleep(std::uint32_t word, duration longest) noexcept {
  std::shared_ptr<opened> file;
  {
    const std::lock_guard lock{mutex_};
    file = opened_;
    slept_on_ = file;
  }
  if (file) {
    const auto span = to_timespec(longest);
    if (::syscall(SYS_futex, file->word_at(address_), FUTEX_WAIT, word, &span, nullptr, 0) == 0) return;
    if (errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT) return;
  }
  // No file, or one that was cut short: a slower way to pass the time.
  const auto span = to_timespec(std::min<duration>(longest, std::chrono::milliseconds{250}));
  ::nanosleep(&span, nullptr);
}

}  // namespace holdfast::sqlite
