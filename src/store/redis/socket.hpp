#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/url.hpp"
#include "holdfast/clock.hpp"

namespace holdfast::redis {

/// A connected stream socket. One thread may send while another receives; `shut` may come from any.
class socket {
 public:
  /// TCP to the first address of the host that takes us; throws `failure`.
  static socket to_host(const core::url::host_port& where, const std::string& shown, time_point by);
  static socket to_path(const std::string& path, const std::string& shown, time_point by);
  ~socket();
  socket(socket&& from) noexcept : fd_{std::exchange(from.fd_, -1)}, timeout_{from.timeout_} {}
  socket& operator=(socket&&) = delete;

  struct moved {
    std::size_t bytes = 0;
    int error = 0;     ///< errno
    bool end = false;  ///< The other side has closed.
    [[nodiscard]] bool nothing() const noexcept { return bytes == 0 && error == 0 && !end; }
  };
  /// What the system takes at once.
  moved send(std::string_view bytes) noexcept;
  /// Until it would take more, or `until` (false).
  bool wait_to_send(time_point until) noexcept;
  /// What is there; waits for it until about `until`, at times less. A point that is past: not at all.
  moved receive(char* into, std::size_t size, time_point now, time_point until) noexcept;
  /// Ends it for both sides; who sleeps in it wakes up.
  void shut() noexcept;
  /// Whether the other side has closed it meanwhile.
  [[nodiscard]] bool stale() const noexcept;

 private:
  explicit socket(int fd) : fd_{fd} {}
  static socket connected(int fd, const void* address, unsigned size, time_point by);

  int fd_;
  duration timeout_{};  ///< SO_RCVTIMEO as it is set; zero: none.
};

}  // namespace holdfast::redis
