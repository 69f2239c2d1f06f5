#pragma once

#include <unistd.h>

namespace holdfast::postgres {

/// Owns a file descriptor.
class descriptor {
 public:
  explicit descriptor(int of) noexcept : of_{of} {}
  ~descriptor() {
    if (of_ >= 0) ::close(of_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return of_; }

 private:
  int of_;
};

}  // namespace holdfast::postgres
