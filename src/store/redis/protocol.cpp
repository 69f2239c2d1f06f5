#include "store/redis/protocol.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <optional>

#include "core/party_text.hpp"
#include "holdfast/options.hpp"

namespace holdfast::redis {

namespace {

constexpr std::uint64_t token_limit = std::uint64_t{1} << 53;
constexpr std::uint64_t day = 24ULL * 60 * 60 * 1000;

/// Waiters that are silent for so long are not shown: they have lost their place (scripts/hand_on.lua).
constexpr duration forget_after = std::chrono::seconds{30};
constexpr duration stale_after = std::chrono::seconds{2};

/// What is shown for a key that never expires; and the most that is believed of one that does, in ms.
constexpr duration longest_expiry = longest_ttl;
constexpr std::int64_t longest_left = 366LL * 24 * 60 * 60 * 1000;

std::optional<std::uint64_t> number_in(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto* const last = text.data() + text.size();
  const auto [stop, bad] = std::from_chars(text.data(), last, number);
  if (text.empty() || bad != std::errc{} || stop != last) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> token_in(std::string_view text) noexcept {
  const auto token = number_in(text);
  return token && *token > 0 && *token < token_limit ? token : std::nullopt;
}

/// The part `[from, from + count)` of a record, as a number.
std::optional<std::uint64_t> field(std::string_view record, std::size_t from, std::size_t count) noexcept {
  return from + count <= record.size() ? number_in(record.substr(from, count)) : std::nullopt;
}

duration between(std::uint64_t then, std::uint64_t now) noexcept {
  if (now <= then) return {};
  constexpr std::uint64_t most = 1ULL << 53;
  return std::chrono::microseconds{static_cast<std::int64_t>(std::min(now - then, most))};
}

// Where the fields of a lease's record begin (scripts/record.lua, which counts from 1).
constexpr std::size_t at_token = 17;
constexpr std::size_t at_claimed = 33;
constexpr std::size_t at_since = 34;
constexpr std::size_t at_owner = 50;
constexpr std::size_t at_party = 82;
// And of a waiter's.
constexpr std::size_t at_waiting_since = 16;
constexpr std::size_t at_waiting_party = 74;
constexpr std::size_t digits = 16;

holder_view holder_of(const std::string& value, std::string_view record, std::int64_t left, std::uint64_t now) {
  holder_view made;
  made.who.owner = value;
  made.expires_in =
      left < 0 ? longest_expiry : duration{std::chrono::milliseconds{std::min<std::int64_t>(left, longest_left)}};
  if (record.size() < at_party || record.substr(at_owner, at_party - at_owner) != value) return made;  // A foreign one.
  core::read_party_text(record.substr(at_party), made.who);
  made.token = fencing_token{token_in(record.substr(at_token, digits)).value_or(0)};
  made.held_for = between(field(record, at_since, digits).value_or(now), now);
  made.claimed = record[at_claimed] != '0';
  return made;
}

std::optional<waiter_view> waiter_of(const std::string& owner, std::string_view record, std::uint64_t now) {
  waiter_view made;
  made.who.owner = owner;
  const auto seen = field(record, 0, digits).value_or(0);
  const auto silent = std::max(between(seen, now), between(now, seen));
  if (record.size() < at_waiting_party || silent >= forget_after) return std::nullopt;
  core::read_party_text(record.substr(at_waiting_party), made.who);
  made.waiting_for = between(field(record, at_waiting_since, digits).value_or(now), now);
  made.alive = silent < stale_after;
  return made;
}

template <class Verdict, class Meaning>
bool read_letters(const reply& from, std::span<Verdict> verdicts, Meaning&& meaning) {
  if (from.is != reply::kind::text || from.text.size() != verdicts.size()) return false;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const auto verdict = meaning(from.text[i]);
    if (!verdict) return false;
    verdicts[i] = *verdict;
  }
  return true;
}

}  // namespace

void arguments::add(std::string_view word) {
  text_.append(word);
  ends_.push_back(text_.size());
}

void arguments::add(std::uint64_t number) {
  std::array<char, 20> digits_of{};
  const auto [end, ignored] = std::to_chars(digits_of.data(), digits_of.data() + digits_of.size(), number);
  add(std::string_view{digits_of.data(), static_cast<std::size_t>(end - digits_of.data())});
}

void arguments::add_token(std::uint64_t token) {
  std::array<char, digits> text{};
  for (auto at = text.rbegin(); at != text.rend(); ++at, token /= 10) *at = static_cast<char>('0' + token % 10);
  add(std::string_view{text.data(), text.size()});
}

std::span<const std::string_view> arguments::all() {
  views_.clear();
  std::size_t begin = 0;
  for (const auto end : ends_) {
    views_.push_back(std::string_view{text_}.substr(begin, end - begin));
    begin = end;
  }
  return views_;
}

std::uint64_t in_milliseconds(duration span) noexcept {
  const auto up = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(up, 1));
}

std::uint64_t keep_record(duration ttl) noexcept { return day + 2 * in_milliseconds(ttl); }
bool always_keep(duration ttl) noexcept { return ttl > std::chrono::minutes{10}; }

std::string channel_of(std::string_view where) { return std::string{"holdfast:"}.append(where); }

void put_acquire(arguments& to, const core::request& what, bool wait, std::string_view listening) {
  to.add(what.owner.hex());
  to.add(in_milliseconds(what.ttl));
  to.add(what.party);
  to.add(std::uint64_t{what.reserve});
  to.add(keep_record(what.ttl));
  to.add(std::string_view{wait ? "1" : "0"});
  to.add(listening);
}

void put_claim(arguments& to, const core::request& what) {
  to.add(what.owner.hex());
  to.add(in_milliseconds(what.ttl));
  to.add(what.party);
  to.add(std::uint64_t{what.reserve});
  to.add(always_keep(what.ttl) ? keep_record(what.ttl) : 0);
}

turn_reply read_trouble(const reply& from) {
  turn_reply made;
  if (from.is != reply::kind::array || from.items.empty() || from.items[0].is != reply::kind::text) return made;
  if (from.items[0].text == "clock") made.is = turn_reply::kind::no_token;
  if (from.items[0].text == "type" && from.items.size() == 2 && from.items[1].is == reply::kind::text) {
    made.is = turn_reply::kind::wrong_type;
    made.type = from.items[1].text;
  }
  return made;
}

turn_reply read_turn(const reply& from) {
  using kind = turn_reply::kind;
  turn_reply made;
  if (from.is == reply::kind::text) {
    const auto token = token_in(from.text);
    if (token) made = {.is = kind::granted, .token = *token};
    return made;
  }
  if (from.is == reply::kind::integer) {
    constexpr std::array kinds{kind::busy, kind::gone, kind::listen_first, kind::busy_for_ever};
    if (from.number >= 0 && from.number < static_cast<std::int64_t>(kinds.size()))
      made.is = kinds[static_cast<std::size_t>(from.number)];
    return made;
  }
  const bool place = from.is == reply::kind::array && from.items.size() == 2 &&
                     from.items[0].is == reply::kind::integer && from.items[1].is == reply::kind::integer;
  if (!place) return read_trouble(from);
  const auto position = from.items[0].number;
  if (position < 0 || position > std::numeric_limits<std::uint32_t>::max()) return made;
  return {.is = kind::queued, .position = static_cast<std::uint32_t>(position), .left = from.items[1].number};
}

duration look_again(std::uint32_t position, std::int64_t left) noexcept {
  constexpr duration longest = std::chrono::seconds{30};
  constexpr duration grace = std::chrono::milliseconds{2};
  if (position > 0 || left == -1) return longest;
  return std::min<duration>(std::chrono::milliseconds{std::clamp<std::int64_t>(left, 0, longest_left)} + grace,
                            longest);
}

bool read_renewals(const reply& from, std::span<core::renew_verdict> verdicts) {
  return read_letters(from, verdicts, [](char letter) -> std::optional<core::renew_verdict> {
    if (letter == 'r') return core::renew_verdict::renewed;
    if (letter == 'l') return core::renew_verdict::lost;
    return std::nullopt;
  });
}

bool read_beats(const reply& from, std::span<core::wait_verdict> verdicts) {
  return read_letters(from, verdicts, [](char letter) -> std::optional<core::wait_verdict> {
    if (letter == 'w') return core::wait_verdict::waiting;
    if (letter == 'y') return core::wait_verdict::your_turn;
    if (letter == 'g') return core::wait_verdict::gone;
    return std::nullopt;
  });
}

bool read_view(const reply& from, resource_view& made) {
  using kind = reply::kind;
  const auto is = [&](std::size_t i, kind one, kind other) {
    return from.items[i].is == one || from.items[i].is == other;
  };
  if (from.is != kind::array || from.items.size() != 5 || !is(0, kind::text, kind::nil) ||
      !is(1, kind::integer, kind::integer) || !is(2, kind::text, kind::nil) || !is(3, kind::text, kind::text) ||
      !is(4, kind::array, kind::array))
    return false;
  const auto now = number_in(from.items[3].text);
  const auto& queue = from.items[4].items;
  if (!now || queue.size() % 2 != 0) return false;
  made.holders.clear();
  made.waiters.clear();
  if (from.items[0].is == kind::text)
    made.holders.push_back(holder_of(from.items[0].text, from.items[2].text, from.items[1].number, *now));
  for (std::size_t i = 0; i < queue.size(); i += 2)
    if (auto one = waiter_of(queue[i].text, queue[i + 1].text, *now)) made.waiters.push_back(*std::move(one));
  return true;
}

bool nothing_was_done(std::string_view error) noexcept {
  constexpr std::array before{"LOADING",  "BUSY ",      "NOAUTH",      "NOPERM", "MASTERDOWN", "OOM",     "MISCONF",
                              "READONLY", "NOREPLICAS", "CLUSTERDOWN", "MOVED",  "CROSSSLOT",  "NOSCRIPT"};
  if (std::any_of(before.begin(), before.end(), [&](const char* code) { return error.starts_with(code); })) return true;
  // Redis 6.2 wraps what stopped a script. These stop it at its first write only.
  constexpr std::array within{"-OOM ", "-MISCONF ", "-READONLY "};
  return std::any_of(within.begin(), within.end(), [&](const char* code) { return error.find(code) != error.npos; });
}

}  // namespace holdfast::redis
