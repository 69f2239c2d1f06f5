// What the keys of a keyspace hold: strings, hashes, sorted sets.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "keyspace.hpp"
#include "words.hpp"

namespace holdfast::sim {

namespace {

std::optional<double> to_double(const std::string& text) {
  if (text.empty() || std::isspace(static_cast<unsigned char>(text[0]))) return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size() || number != number) return std::nullopt;
  return number;
}

std::string from_double(double number) {
  char text[64];
  std::snprintf(text, sizeof text, "%.17g", number);
  return text;
}

/// From Redis' indices, where -1 is the last, to [from, to).
std::pair<std::size_t, std::size_t> span_of(std::int64_t start, std::int64_t stop, std::size_t size) {
  const auto n = static_cast<std::int64_t>(size);
  if (start < 0) start = std::max<std::int64_t>(start + n, 0);
  if (stop < 0) stop += n;
  stop = std::min(stop, n - 1);
  if (start > stop || start >= n) return {0, 0};
  return {static_cast<std::size_t>(start), static_cast<std::size_t>(stop) + 1};
}

}  // namespace

// --- strings -------------------------------------------------------------------------------------------------------

value keyspace::get(const call& it) {
  bool wrong = false;
  const auto* const text = typed<std::string>(it.in[1], wrong);
  if (wrong) return wrong_type();
  return text == nullptr ? value::nil() : value::bulk(*text);
}

value keyspace::mget(const call& it) {
  std::vector<value> all;
  for (std::size_t i = 1; i < it.in.size(); ++i) {
    bool wrong = false;
    const auto* const text = typed<std::string>(it.in[i], wrong);
    all.push_back(text == nullptr ? value::nil() : value::bulk(*text));
  }
  return value::array(std::move(all));
}

/// NX with GET is refused, as by Redis 6.2.
value keyspace::set(const call& it) {
  bool only_new = false;
  bool answers_old = false;
  std::optional<std::int64_t> ends;
  for (std::size_t i = 3; i < it.in.size(); ++i) {
    const auto option = upper(it.in[i]);
    if (option == "NX") {
      only_new = true;
    } else if (option == "GET") {
      answers_old = true;
    } else if (option == "PX" && i + 1 < it.in.size() && !ends) {
      const auto pause = to_integer(it.in[++i]);
      if (!pause) return not_an_integer();
      if (*pause <= 0) return value::error("ERR invalid expire time in 'set' command");
      ends = it.ms() + *pause;
    } else {
      return syntax_error();
    }
  }
  if (only_new && answers_old) return syntax_error();
  auto* const old = find(it.in[1]);
  if (only_new && old != nullptr) return value::nil();
  value answer = value::status("OK");
  if (answers_old) {
    answer = get(it);
    if (answer.failed()) return answer;
  }
  data_.insert_or_assign(it.in[1], entry{it.in[2], ends});
  if (ends) soonest_end_ = std::min(soonest_end_, *ends);
  return answer;
}

value keyspace::setrange(const call& it) {
  const auto offset = to_integer(it.in[2]);
  if (!offset) return not_an_integer();
  if (*offset < 0) return value::error("ERR offset is out of range");
  bool wrong = false;
  auto* text = typed<std::string>(it.in[1], wrong);
  if (wrong) return wrong_type();
  const auto& part = it.in[3];
  if (part.empty()) return value::integer(text == nullptr ? 0 : static_cast<std::int64_t>(text->size()));
  if (text == nullptr)
    text = &std::get<std::string>(data_.emplace(it.in[1], entry{std::string{}, {}}).first->second.what);
  const auto from = static_cast<std::size_t>(*offset);
  if (text->size() < from + part.size()) text->resize(from + part.size(), '\0');
  text->replace(from, part.size(), part);
  return value::integer(static_cast<std::int64_t>(text->size()));
}

// --- hashes --------------------------------------------------------------------------------------------------------

value keyspace::hget(const call& it) {
  bool wrong = false;
  const auto* const fields = typed<hash>(it.in[1], wrong);
  if (wrong) return wrong_type();
  if (fields == nullptr) return value::nil();
  const auto found = fields->find(it.in[2]);
  return found == fields->end() ? value::nil() : value::bulk(found->second);
}

value keyspace::hmget(const call& it) {
  bool wrong = false;
  const auto* const fields = typed<hash>(it.in[1], wrong);
  if (wrong) return wrong_type();
  std::vector<value> all;
  for (std::size_t i = 2; i < it.in.size(); ++i) {
    const bool there = fields != nullptr && fields->contains(it.in[i]);
    all.push_back(there ? value::bulk(fields->at(it.in[i])) : value::nil());
  }
  return value::array(std::move(all));
}

value keyspace::hset(const call& it) {
  if (it.in.size() % 2 != 0) return value::error("ERR wrong number of arguments for 'hset' command");
  bool wrong = false;
  auto* fields = typed<hash>(it.in[1], wrong);
  if (wrong) return wrong_type();
  if (fields == nullptr) fields = &std::get<hash>(data_.emplace(it.in[1], entry{hash{}, {}}).first->second.what);
  std::int64_t fresh = 0;
  for (std::size_t i = 2; i + 1 < it.in.size(); i += 2)
    if (fields->insert_or_assign(it.in[i], it.in[i + 1]).second) ++fresh;
  return value::integer(fresh);
}

value keyspace::hdel(const call& it) {
  bool wrong = false;
  auto* const fields = typed<hash>(it.in[1], wrong);
  if (wrong) return wrong_type();
  if (fields == nullptr) return value::integer(0);
  std::int64_t gone = 0;
  for (std::size_t i = 2; i < it.in.size(); ++i) gone += static_cast<std::int64_t>(fields->erase(it.in[i]));
  drop_if_empty(it.in[1]);
  return value::integer(gone);
}

// --- sorted sets ---------------------------------------------------------------------------------------------------

value keyspace::zadd(const call& it) {
  if (it.in.size() % 2 != 0 || !to_double(it.in[2])) {
    // Options are not known here; to Redis an odd number of words is a syntax error, a word for a score no float.
    return it.in.size() % 2 != 0 ? syntax_error() : value::error("ERR value is not a valid float");
  }
  for (std::size_t i = 2; i < it.in.size(); i += 2)
    if (!to_double(it.in[i])) return value::error("ERR value is not a valid float");
  bool wrong = false;
  auto* all = typed<sorted_set>(it.in[1], wrong);
  if (wrong) return wrong_type();
  if (all == nullptr) all = &std::get<sorted_set>(data_.emplace(it.in[1], entry{sorted_set{}, {}}).first->second.what);
  std::int64_t fresh = 0;
  for (std::size_t i = 2; i + 1 < it.in.size(); i += 2) {
    const double score = *to_double(it.in[i]);
    const auto [at, added] = all->scores.try_emplace(it.in[i + 1], score);
    if (!added) all->order.erase({at->second, at->first});
    at->second = score;
    all->order.emplace(score, at->first);
    if (added) ++fresh;
  }
  return value::integer(fresh);
}

value keyspace::zrem(const call& it) {
  bool wrong = false;
  auto* const all = typed<sorted_set>(it.in[1], wrong);
  if (wrong) return wrong_type();
  if (all == nullptr) return value::integer(0);
  std::int64_t gone = 0;
  for (std::size_t i = 2; i < it.in.size(); ++i) {
    const auto found = all->scores.find(it.in[i]);
    if (found == all->scores.end()) continue;
    all->order.erase({found->second, found->first});
    all->scores.erase(found);
    ++gone;
  }
  drop_if_empty(it.in[1]);
  return value::integer(gone);
}

value keyspace::zscore(const call& it) {
  bool wrong = false;
  const auto* const all = typed<sorted_set>(it.in[1], wrong);
  if (wrong) return wrong_type();
  if (all == nullptr || !all->scores.contains(it.in[2])) return value::nil();
  return value::bulk(from_double(all->scores.at(it.in[2])));
}

value keyspace::zrank(const call& it) {
  if (it.in.size() > 3) throw std::logic_error{"ZRANK with an option"};
  bool wrong = false;
  const auto* const all = typed<sorted_set>(it.in[1], wrong);
  if (wrong) return wrong_type();
  if (all == nullptr || !all->scores.contains(it.in[2])) return value::nil();
  return value::integer(std::distance(all->order.begin(), all->order.find({all->scores.at(it.in[2]), it.in[2]})));
}

value keyspace::zrange(const call& it) {
  const bool scores = it.in.size() == 5 && upper(it.in[4]) == "WITHSCORES";
  if (it.in.size() > 4 && !scores) throw std::logic_error{"ZRANGE with an option"};
  const auto start = to_integer(it.in[2]);
  const auto stop = to_integer(it.in[3]);
  if (!start || !stop) return not_an_integer();
  bool wrong = false;
  const auto* const all = typed<sorted_set>(it.in[1], wrong);
  if (wrong) return wrong_type();
  std::vector<value> out;
  if (all != nullptr) {
    const auto [from, to] = span_of(*start, *stop, all->order.size());
    auto at = std::next(all->order.begin(), static_cast<std::ptrdiff_t>(from));
    for (auto i = from; i < to; ++i, ++at) {
      out.push_back(value::bulk(at->second));
      if (scores) out.push_back(value::bulk(from_double(at->first)));
    }
  }
  return value::array(std::move(out));
}

/// With a count that is not negative: that many different members, or all there are.
value keyspace::zrandmember(const call& it) {
  const auto count = it.in.size() == 3 ? to_integer(it.in[2]) : std::nullopt;
  if (!count || *count < 0) throw std::logic_error{"ZRANDMEMBER without a positive count"};
  bool wrong = false;
  const auto* const all = typed<sorted_set>(it.in[1], wrong);
  if (wrong) return wrong_type();
  std::vector<value> out;
  if (all != nullptr)
    for (const auto& [score, member] : all->order) out.push_back(value::bulk(member));
  const auto most = static_cast<std::size_t>(*count);
  while (out.size() > most) out.erase(out.begin() + static_cast<std::ptrdiff_t>(dice_.below(out.size())));
  return value::array(std::move(out));
}

}  // namespace holdfast::sim
