// Any bytes as what a server sends on the shared connection, cut anywhere. The first byte says how many callers there
// are; then pieces: a length byte and that many bytes. Whatever comes, every caller ends, and no reply is larger or
// deeper than it may be.
#include <array>
#include <chrono>
#include <string>

#include "fuzz/harness.hpp"
#include "store/redis/errors.hpp"
#include "store/redis/parser.hpp"
#include "store/redis/pipeline.hpp"

namespace holdfast::fuzz {

namespace {

using namespace std::string_view_literals;
using namespace redis;

constexpr parser::limits small{.bytes = 200'000, .elements = 2'000};
constexpr time_point start{std::chrono::hours{1}};

std::size_t elements_of(const reply& what, int depth) {
  require(depth <= 8, "a reply that is nested too deeply");
  std::size_t count = 1;
  for (const auto& each : what.items) count += elements_of(each, depth + 1);
  return count;
}

void check(const reply& what) {
  require(elements_of(what, 0) <= small.elements, "a reply with too many elements");
  require(what.text.size() <= small.bytes, "a reply that is too long");
  require(what.is == reply::kind::array || what.items.empty(), "elements of what is no array");
  if (what.is == reply::kind::error) require(!explain_reply(what.text, "url").message().empty(), "no explanation");
}

/// Lets every caller go on as far as it can; the reader is left to read.
pending* turn_all(pipeline& pipe, std::array<pending, 8>& callers, std::size_t count) {
  pending* reader = nullptr;
  std::string batch;
  for (std::size_t i = 0; i < count; ++i) {
    auto duty = pipe.next(callers[i], start);
    while (duty == pipeline::duty::send) {
      pipe.take(batch, start);
      pipe.sent(callers[i], pipeline::written::all);
      duty = pipe.next(callers[i], start);
    }
    if (duty == pipeline::duty::receive) reader = &callers[i];
    pipe.woken();
  }
  return reader;
}

}  // namespace

const std::vector<std::string_view>& corpus() {
  static const std::vector<std::string_view> all{"\x03\x05+OK\r\n\x04:1\r\n\x05$-1\r\n"sv,
                                                 "\x02\x0f*2\r\n$1\r\na\r\n:5\r\n\x05-ERR \x06wrong\r\n"sv,
                                                 "\x01\x10*1\r\n*1\r\n*1\r\n:1\x02\r\n"sv,
                                                 "\x04\x20$10\r\n0123456789\r\n*0\r\n*-1\r\n$0\r\n\r\n"sv,
                                                 "\x02\x1f>3\r\n+message\r\n+channel\r\n+text\r\n"sv,
                                                 "\x01\x0fHTTP/1.1 400 Bad"sv,
                                                 "\x01\x20*2147483647\r\n$2147483647\r\nabcdefgh"sv};
  return all;
}
const std::vector<std::string_view>& words() {
  static const std::vector<std::string_view> all{"\r\n",
                                                 "+OK\r\n",
                                                 "*1\r\n",
                                                 "*2\r\n",
                                                 "$1\r\nx\r\n",
                                                 ":-9223372036854775808\r\n",
                                                 ":99999999999999999999\r\n",
                                                 "*-1\r\n",
                                                 "*-2\r\n",
                                                 "$-2\r\n",
                                                 "*4294967297\r\n",
                                                 "$9223372036854775807\r\n",
                                                 "$18446744073709551615\r\n",
                                                 "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
                                                 "-NOSCRIPT \r\n",
                                                 "%1\r\n",
                                                 "~1\r\n",
                                                 ">1\r\n",
                                                 "\xff"};
  return all;
}

}  // namespace holdfast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using namespace holdfast::fuzz;
  if (size == 0) return 0;
  pipeline pipe{{.reply_timeout = std::chrono::seconds{5}, .direct = 1U + data[0] % 3}};
  std::array<pending, 8> callers{};
  const std::size_t count = 1 + data[0] % callers.size();
  for (std::size_t i = 0; i < count; ++i) {
    callers[i].by = start + std::chrono::seconds{1};
    const std::string id = std::to_string(i);
    pipe.join(callers[i], std::array<std::string_view, 2>{"ECHO", id});
  }
  parser reader{small};
  std::vector<reply> replies;
  for (std::size_t at = 1; at < size && !pipe.broken();) {
    pending* const reading = turn_all(pipe, callers, count);
    if (reading == nullptr) break;
    const std::size_t length = std::min<std::size_t>(data[at], size - at - 1);
    replies.clear();
    const bool readable = reader.feed({reinterpret_cast<const char*>(data) + at + 1, length}, replies);
    for (const auto& each : replies) check(each);
    if (!pipe.received(*reading, replies) || !readable) {
      if (!readable) require(!explain_garbage("x", reader.fault(), "url").message().empty(), "no explanation");
      pipe.broke();
    }
    at += 1 + length;
  }
  pipe.broke();
  pipe.woken();
  for (std::size_t i = 0; i < count; ++i)
    require(pipe.next(callers[i], start) == pipeline::duty::finished, "a caller that never ends");
  return 0;
}
