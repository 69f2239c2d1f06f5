#include "outcome_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
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
    if (::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode))
      return write_and_close(::open(path.c_str(), O_WRONLY | O_CLOEXEC), text);
    return replace(path, text);
  } catch (...) {
    return ENOMEM;
  }
}

}  // namespace holdfast::cli
