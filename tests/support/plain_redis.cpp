#include "support/plain_redis.hpp"

#include <poll.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast::testing {
namespace {

using context = std::unique_ptr<redisContext, void (*)(redisContext*)>;
using raw_reply = std::unique_ptr<redisReply, void (*)(void*)>;

context connected(const std::string& socket) {
  context made{redisConnectUnix(socket.c_str()), &redisFree};
  if (!made || made->err != 0) throw std::runtime_error{"no connection to " + socket};
  return made;
}

redis::reply value_of(const redisReply& from) {
  redis::reply made;
  switch (from.type) {
    case REDIS_REPLY_INTEGER:
      made.is = redis::reply::kind::integer;
      made.number = from.integer;
      break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      made.is = redis::reply::kind::text;
      made.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ARRAY:
      made.is = redis::reply::kind::array;
      for (std::size_t i = 0; i < from.elements; ++i) made.items.push_back(value_of(*from.element[i]));
      break;
    case REDIS_REPLY_ERROR:
      made.is = redis::reply::kind::error;
      made.text.assign(from.str, from.len);
      break;
    default:
      break;
  }
  return made;
}

class polling_ear final : public redis::ear {
 public:
  polling_ear(const std::string& socket, std::string channel, redis::ear_callbacks tell)
      : context_{connected(socket)}, channel_{std::move(channel)}, tell_{std::move(tell)} {}
  ~polling_ear() override {
    stopping_ = true;
    if (!thread_.joinable()) return;
    if (thread_.get_id() == std::this_thread::get_id()) std::terminate();  // No test of this ear does it.
    thread_.join();
  }
  status ready(time_point) override {
    const std::lock_guard lock{mutex_};
    if (thread_.joinable()) return {};
    raw_reply got{
        static_cast<redisReply*>(redisCommand(context_.get(), "SUBSCRIBE %b", channel_.data(), channel_.size())),
        &freeReplyObject};
    if (!got || got->type != REDIS_REPLY_ARRAY) return {errc::unavailable, "no SUBSCRIBE"};
    thread_ = std::thread{[this] { listen(); }};
    return {};
  }

 private:
  void listen() {
    while (!stopping_) {
      pollfd ready{context_->fd, POLLIN, 0};
      if (::poll(&ready, 1, 5) <= 0) continue;
      if (redisBufferRead(context_.get()) != REDIS_OK) return;
      void* next = nullptr;
      while (redisGetReplyFromReader(context_.get(), &next) == REDIS_OK && next != nullptr) {
        const raw_reply message{static_cast<redisReply*>(next), &freeReplyObject};
        if (message->elements == 3 && message->element[2]->str != nullptr)
          tell_.heard(std::string_view{message->element[2]->str, message->element[2]->len});
        next = nullptr;
      }
    }
  }

  context context_;
  const std::string channel_;
  const redis::ear_callbacks tell_;
  std::mutex mutex_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace

plain_channel::plain_channel(std::string socket) : socket_{std::move(socket)}, context_{nullptr, &redisFree} {}

redis::answer plain_channel::send(std::span<const std::string_view> words) {
  redis::answer made;
  made.connection = 1;
  if (!context_) context_ = connected(socket_);
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const auto word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  made.sent = boot_clock::now();
  const raw_reply got{static_cast<redisReply*>(
                          redisCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), sizes.data())),
                      &freeReplyObject};
  if (!got) {
    made.is = redis::answer::outcome::unknown;
    made.why = {errc::unavailable, context_->errstr};
    context_.reset();
    return made;
  }
  made.is = redis::answer::outcome::replied;
  made.what = value_of(*got);
  if (made.what.is == redis::reply::kind::error) made.why = {errc::internal, made.what.text};
  return made;
}

redis::answer plain_channel::command(std::span<const std::string_view> words, time_point) {
  const std::lock_guard lock{mutex_};
  return send(words);
}

redis::answer plain_channel::call(const redis::script& what, std::span<const std::string_view> keys,
                                  std::span<const std::string_view> arguments, time_point) {
  const std::string count = std::to_string(keys.size());
  std::vector<std::string_view> words{"EVALSHA", what.sha1, count};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  const std::lock_guard lock{mutex_};
  auto made = send(words);
  if (made.what.is != redis::reply::kind::error || !made.what.text.starts_with("NOSCRIPT")) return made;
  words[0] = "EVAL";
  words[1] = what.text;
  return send(words);
}

std::unique_ptr<redis::ear> plain_ear(const std::string& socket, std::string channel, redis::ear_callbacks tell) {
  return std::make_unique<polling_ear>(socket, std::move(channel), std::move(tell));
}

}  // namespace holdfast::testing
