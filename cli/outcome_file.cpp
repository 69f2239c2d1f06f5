#include "outcome_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace holdfast::cli {
namespace {

int write_all(int file, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int write_and_close(int file, std::string_view text) noexcept {
  if (file < 0) return errno;
  const int error = write_all(file, text);
  if (::close(file) != 0 && error == 0) return errno;
  return error;
}

// /dev/stdout, /dev/fd/3: links to what is open already, which may well be a regular file. Not to be replaced.
bool is_open_file(std::string_view path) noexcept { return path.starts_with("/dev/") || path.starts_with("/proc/"); }

// Where `path` is a link, the file it leads to is replaced, not the link.
std::string resolved(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string out{real};
  std::free(real);
  return out;
}

int replace(const std::string& path, const std::string& text) {
  const std::string temporary = path + "." + std::to_string(::getpid()) + ".tmp";
  int error = write_and_close(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), text);
  if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0 && error != EEXIST) ::unlink(temporary.c_str());
  return error;
}

}  // namespace

int write_whole(const std::string& path, const std::string& text) noexcept {
  try {
    struct stat found {};
    const bool there = ::stat(path.c_str(), &found) == 0;
    if (is_open_file(path) || (there && !S_ISREG(found.st_mode)))
      return write_and_close(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC), text);
    return replace(resolved(path), text);
  } catch (...) {
    return ENOMEM;
  }
}

}  // namespace holdfast::cli
