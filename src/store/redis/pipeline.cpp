#include "store/redis/pipeline.hpp"

#include <algorithm>
#include <utility>

#include "store/redis/wire.hpp"

namespace holdfast::redis {

void pipeline::join(pending& who, std::span<const std::string_view> words) {
  const auto begin = taken_ + gathered_.size();
  slots_.push_back({.who = &who, .begin = begin});
  append_command(gathered_, words);
  who.at = pending::stage::queued;
}

bool pipeline::may_send(const pending& me) const noexcept {
  if (!something_to_send() || sender_ != nullptr || broken_) return false;
  return reader_ == nullptr || reader_ == &me || in_flight_ < how_.direct;
}

pipeline::duty pipeline::next(pending& me, time_point now) {
  me.waiting = false;
  if (me.at != pending::stage::finished && now >= me.by) give_up(me);
  if (me.at == pending::stage::finished) {
    if (!me.helped && may_send(me)) {
      // Whoever is next has yet to wake up; the server need not idle so long.
      me.helped = true;
      sender_ = &me;
      return duty::send;
    }
    leave(me);
    return duty::finished;
  }
  if (may_send(me)) {
    sender_ = &me;
    return duty::send;
  }
  if (me.at == pending::stage::in_flight && (reader_ == nullptr || reader_ == &me)) {
    reader_ = &me;
    return duty::receive;
  }
  me.waiting = true;
  return duty::wait;
}

void pipeline::give_up(pending& me) {
  me.timed_out = true;
  const auto mine = std::find_if(slots_.begin(), slots_.end(), [&](const slot& each) { return each.who == &me; });
  if (me.at == pending::stage::queued) {
    cut_out(static_cast<std::size_t>(mine - slots_.begin()));
    finish(me, answer::outcome::not_sent);
  } else {
    mine->who = nullptr;
    finish(me, answer::outcome::unknown);
  }
}

/// Removes a command of which nothing was taken.
void pipeline::cut_out(std::size_t index) {
  const bool last = index + 1 == slots_.size();
  const auto begin = slots_[index].begin;
  const auto end = last ? taken_ + gathered_.size() : slots_[index + 1].begin;
  gathered_.erase(static_cast<std::size_t>(begin - taken_), static_cast<std::size_t>(end - begin));
  slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(index));
  for (auto i = index; i < slots_.size(); ++i) slots_[i].begin -= end - begin;
}

void pipeline::finish(pending& who, answer::outcome how) noexcept {
  who.is = how;
  who.at = pending::stage::finished;
}

void pipeline::wake(pending& who) noexcept {
  if (!who.waiting) return;
  who.waiting = false;
  who.next_woken = std::exchange(woken_, &who);
}

void pipeline::leave(pending& me) {
  if (reader_ == &me) reader_ = nullptr;
  appoint();
}

/// Sees to it that as long as somebody waits, somebody works.
void pipeline::appoint() {
  if (broken_) return;
  for (std::size_t i = 0; reader_ == nullptr && i < in_flight_; ++i) reader_ = slots_[i].who;
  if (reader_ != nullptr) {
    wake(*reader_);
    return;
  }
  if (sender_ != nullptr) return;
  for (auto i = in_flight_; i < slots_.size(); ++i)
    if (slots_[i].who != nullptr) return wake(*slots_[i].who);
}

void pipeline::take(std::string& batch, time_point now) {
  batch.append(gathered_);
  taken_ += gathered_.size();
  gathered_.clear();
  for (; in_flight_ < slots_.size(); ++in_flight_) {
    auto& each = slots_[in_flight_];
    each.sent = now;
    each.who->sent = now;
    each.who->at = pending::stage::in_flight;
  }
}

void pipeline::sent(pending& me, written how) {
  if (sender_ == &me) sender_ = nullptr;
  backlog_ = how != written::all;
  if (how != written::none) may_be_there_ = taken_;
}

time_point pipeline::receive_until(const pending& me) const {
  const auto limit = me.at == pending::stage::finished ? time_point::max() : me.by;
  return in_flight_ == 0 ? limit : std::min(limit, slots_.front().sent + how_.reply_timeout);
}

bool pipeline::received(pending& me, std::span<reply> replies) {
  for (auto& each : replies) {
    if (in_flight_ == 0) return false;
    auto* const who = slots_.front().who;
    slots_.pop_front();
    --in_flight_;
    if (who == nullptr) continue;
    who->what = std::move(each);
    finish(*who, answer::outcome::replied);
    if (who != &me) wake(*who);
  }
  return true;
}

bool pipeline::nothing_came(time_point now) const {
  return in_flight_ == 0 || now < slots_.front().sent + how_.reply_timeout;
}

duration pipeline::awaited(time_point now) const {
  return in_flight_ == 0 ? duration::zero() : now - slots_.front().sent;
}

void pipeline::broke() {
  if (std::exchange(broken_, true)) return;
  // A sender at work may have written any of what it took.
  const auto doubtful = sender_ != nullptr ? taken_ : may_be_there_;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto& each = slots_[i];
    const bool maybe = i < in_flight_ && each.begin < doubtful;
    left_unknown_ = left_unknown_ || maybe;
    if (each.who == nullptr) continue;
    finish(*each.who, maybe ? answer::outcome::unknown : answer::outcome::not_sent);
    wake(*each.who);
  }
  slots_.clear();
  gathered_.clear();
  in_flight_ = 0;
}

pending* pipeline::woken() noexcept { return std::exchange(woken_, nullptr); }

}  // namespace holdfast::redis
