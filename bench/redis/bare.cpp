#include "redis/bare.hpp"

#include <hiredis/hiredis.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include "core/owner_id.hpp"
#include "core/party_text.hpp"
#include "store/redis/layout.hpp"
#include "store/redis/protocol.hpp"
#include "store/redis/scripts.hpp"

namespace holdfast::bench {

namespace {

core::request request_of(std::string_view name, std::string_view owner) {
  static const std::string party = core::own_party_text({});
  core::request made;
  made.resource = name;
  made.owner = core::owner_id::from_hex(owner);
  made.ttl = std::chrono::seconds{30};
  made.party = party;
  return made;
}

std::string text_of(const redisReply& what) {
  return what.type == REDIS_REPLY_STRING ? std::string{what.str, static_cast<std::size_t>(what.len)} : std::string{};
}

}  // namespace

void bare::free_reply::operator()(redisReply* what) const noexcept { freeReplyObject(what); }

bare::bare(const redis_server& server, over how)
    : with_{how == over::tcp ? redisConnect("127.0.0.1", server.port()) : redisConnectUnix(server.socket().c_str())} {
  if (with_ == nullptr || with_->err != 0) throw std::runtime_error{"the bare client can't connect"};
}

bare::~bare() { redisFree(with_); }

bare::answer bare::command(std::initializer_list<std::string_view> words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const auto word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  answer got{
      static_cast<redisReply*>(redisCommandArgv(with_, static_cast<int>(texts.size()), texts.data(), sizes.data()))};
  if (!got) throw std::runtime_error{std::string{"the bare client: "} + with_->errstr};
  if (got->type == REDIS_REPLY_ERROR) throw std::runtime_error{std::string{"the bare client: "} + got->str};
  return got;
}

bare::answer bare::next(int seconds) {
  redisSetTimeout(with_, timeval{seconds, 0});
  void* got = nullptr;
  if (redisGetReply(with_, &got) != REDIS_OK) return nullptr;
  return answer{static_cast<redisReply*>(got)};
}

bare::answer bare::run(const redis::script& what, std::span<const std::string_view> keys,
                       std::span<const std::string_view> words) {
  std::array<const char*, 16> texts;
  std::array<std::size_t, 16> sizes;
  std::size_t count = 0;
  const auto add = [&](std::string_view word) {
    texts.at(count) = word.data();
    sizes.at(count++) = word.size();
  };
  add("EVALSHA");
  add(what.sha1);
  add("4");
  for (const auto each : keys) add(each);
  for (const auto each : words) add(each);
  answer got{static_cast<redisReply*>(redisCommandArgv(with_, static_cast<int>(count), texts.data(), sizes.data()))};
  if (!got) throw std::runtime_error{std::string{"the bare client: "} + with_->errstr};
  if (got->type == REDIS_REPLY_ERROR && std::string_view{got->str}.starts_with("NOSCRIPT")) {
    command({"SCRIPT", "LOAD", what.text});
    return run(what, keys, words);
  }
  if (got->type == REDIS_REPLY_ERROR) throw std::runtime_error{std::string{"the bare client: "} + got->str};
  return got;
}

std::string bare::acquire(std::string_view name, std::string_view owner, bool wait, std::string_view listening) {
  const redis::resource_keys keys{name};
  redis::arguments words{512};
  redis::put_acquire(words, request_of(name, owner), wait, listening);
  return text_of(*run(redis::acquire_script, keys.all(), words.all()));
}

std::string bare::claim(std::string_view name, std::string_view owner) {
  const redis::resource_keys keys{name};
  redis::arguments words{512};
  redis::put_claim(words, request_of(name, owner));
  return text_of(*run(redis::claim_script, keys.all(), words.all()));
}

void bare::release(std::string_view name, std::string_view owner, std::string_view token) {
  const redis::resource_keys keys{name};
  const std::array words{owner, token};
  const auto got = run(redis::release_script, keys.all(), words);
  if (got->type != REDIS_REPLY_INTEGER || got->integer != 1) throw std::runtime_error{"the bare client held nothing"};
}

void bare::pair(std::string_view name) {
  char owner[33];
  std::snprintf(owner, sizeof owner, "%016llx%016llx", static_cast<unsigned long long>(++owners_),
                0x1234567812345678ULL);
  const auto token = acquire(name, owner, true, {});
  if (token.size() != 16) throw std::runtime_error{"the bare client was not granted"};
  release(name, owner, token);
}

}  // namespace holdfast::bench
