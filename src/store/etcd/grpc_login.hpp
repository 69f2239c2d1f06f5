#pragma once

#include <mutex>
#include <string>

#include "store/etcd/cluster.hpp"

namespace holdfast::etcd {

/// What a login gave, and whether one is needed. Thread-safe.
class grpc_login {
 public:
  explicit grpc_login(const cluster& what) : user_{what.user}, password_{what.password}, needed_{!what.user.empty()} {}

  [[nodiscard]] const std::string& user() const noexcept { return user_; }
  [[nodiscard]] const std::string& password() const noexcept { return password_; }
  [[nodiscard]] bool possible() const noexcept { return !user_.empty(); }
  [[nodiscard]] bool needed() const {
    const std::lock_guard lock{mutex_};
    return needed_;
  }
  [[nodiscard]] std::string token() const {
    const std::lock_guard lock{mutex_};
    return token_;
  }
  /// An empty one: the server knows no users.
  void succeeded(std::string token) {
    const std::lock_guard lock{mutex_};
    token_ = std::move(token);
    needed_ = false;
  }
  /// `token` is not good any more.
  void refused(const std::string& token) {
    const std::lock_guard lock{mutex_};
    if (token_ == token && possible()) needed_ = true;
  }

 private:
  const std::string user_;
  const std::string password_;
  mutable std::mutex mutex_;
  std::string token_;  // guarded by mutex_
  bool needed_;        // guarded by mutex_
};

}  // namespace holdfast::etcd
