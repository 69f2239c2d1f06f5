#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/connection.hpp"
#include "store/redis/errors.hpp"
#include "support/redis_server.hpp"

namespace holdfast::redis::test {

/// Longer than anything takes on a busy machine under a sanitizer.
inline constexpr duration patience = std::chrono::seconds{30};

inline std::unique_ptr<connection> connect(const std::string& url, duration timeout = patience) {
  auto where = settings::of(core::url::parse(url));
  auto with = where.tls ? std::make_shared<const tls_context>(where) : nullptr;
  return std::make_unique<connection>(std::move(where), std::move(with),
                                      connection::options{.command_timeout = timeout, .connect_timeout = timeout});
}

inline answer ask(channel& with, std::initializer_list<std::string_view> words, duration timeout = patience) {
  return with.command(std::vector<std::string_view>{words}, boot_clock::now() + timeout);
}

inline answer call(channel& with, const script& what, std::vector<std::string_view> keys,
                   std::vector<std::string_view> arguments, duration timeout = patience) {
  return with.call(what, keys, arguments, boot_clock::now() + timeout);
}

}  // namespace holdfast::redis::test
