#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "store/redis/settings.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace holdfast::redis {

/// Whom we trust and who we are: read once, for all connections of a client. Thread-safe.
class tls_context {
 public:
  /// Throws `failure` when a file can't be used.
  explicit tls_context(const settings& where);
  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;
  [[nodiscard]] ssl_ctx_st* get() const noexcept { return context_; }

 private:
  ssl_ctx_st* context_;
};

/// TLS over one connection, without its socket: what came from the network goes in, what has to be sent comes out. For
/// one thread at a time; records have to be sent in the order in which they came out. All that goes wrong is thrown as
/// `failure`.
class tls {
 public:
  /// For a connection to `host`, whose certificate is checked as the settings say.
  tls(const tls_context& with, const settings& where, const std::string& host);
  ~tls();
  tls(const tls&) = delete;
  tls& operator=(const tls&) = delete;

  /// True once both sides are agreed; until then, send what `take` gives, and `feed` what comes.
  bool shake_hands();
  void feed(std::string_view from_network);
  /// Moves what has to be sent to the end of `to`.
  void take(std::string& to);
  void write(std::string_view plain);
  /// Appends what can be read. False once the other side has said that it ends.
  bool read(std::string& plain);

 private:
  [[noreturn]] void fail(const char* what);

  ssl_st* session_;
  const std::string shown_;
  const std::string host_;
};

}  // namespace holdfast::redis
