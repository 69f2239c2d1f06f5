#pragma once

#include <functional>
#include <memory>

#include "faults.hpp"
#include "server.hpp"

namespace holdfast::sim {

/// A connection: what is sent on it arrives in order. After a cut or a timeout it is another one, and what was sent on
/// the old one may arrive whenever it likes.
struct link {
  time_point last_arrival{};
  time_point last_answer{};
};

/// What kind of verb is sent, as far as the network must know.
struct parcel {
  enum class kind : std::uint8_t { acquire, renew, other };
  kind what = kind::other;
  core::owner_id owner;
  bool delayed = false;  ///< It will arrive late, if at all.
};

/// How a call ended without an answer: `unknown`, or it was not even sent.
struct no_answer {
  bool unknown = true;
};

class network {
 public:
  network(timeline& time, rng& dice, const profile& how, server& to, judge& court, tally& counts)
      : time_{time},
        dice_{dice},
        how_{how},
        server_{to},
        court_{court},
        counts_{counts},
        ends_{time.now() + how.faults_end} {}

  /// Sends a verb: `run` is carried out at the store, once, twice or never; then either `deliver`, with what it answered
  /// and when that was, or `fail`.
  template <class Answer>
  void call(link& over, const parcel& what, std::function<Answer()> run,
            std::function<void(const Answer&, time_point executed)> deliver, std::function<void(no_answer)> fail);

  /// Whether this fault strikes now; counts it.
  bool strikes(fault what) {
    if (time_.now() >= ends_ || !dice_.chance(how_.odds_of(what))) return false;
    count(what);
    return true;
  }
  void count(fault what) { ++counts_.of[static_cast<std::size_t>(what)]; }
  [[nodiscard]] duration delay() { return dice_.between(how_.shortest_delay, how_.longest_delay); }
  /// How much later than its sender's timeout a request may still arrive.
  [[nodiscard]] duration longest_lateness() const { return how_.command_timeout; }
  [[nodiscard]] const profile& how() const noexcept { return how_; }
  [[nodiscard]] time_point faults_end() const noexcept { return ends_; }

 private:
  template <class Answer>
  struct exchange {
    std::function<Answer()> run;
    std::function<void(const Answer&, time_point)> deliver;
    std::function<void(no_answer)> fail;
    parcel what;
    bool over = false;
  };
  template <class Answer>
  using shared_exchange = std::shared_ptr<exchange<Answer>>;

  /// Has the store carry it out at `when`, or as soon as it serves; then does `next` with the answer, if given.
  template <class Answer>
  void arrive(time_point when, shared_exchange<Answer> it, bool answered, link* over);
  template <class Answer>
  void answer(shared_exchange<Answer> it, const Answer& what, link& over);
  template <class Answer>
  void give_up(shared_exchange<Answer> it, link& over);

  timeline& time_;
  rng& dice_;
  const profile& how_;
  server& server_;
  judge& court_;
  tally& counts_;
  time_point ends_;
};

template <class Answer>
void network::call(link& over, const parcel& what, std::function<Answer()> run,
                   std::function<void(const Answer&, time_point)> deliver, std::function<void(no_answer)> fail) {
  auto it = std::make_shared<exchange<Answer>>(
      exchange<Answer>{std::move(run), std::move(deliver), std::move(fail), what, false});
  if (strikes(fault::refused)) {
    time_.after(delay(), [it] { it->fail({.unknown = false}); });
    return;
  }
  const auto sent = time_.now();
  const auto too_late = sent + how_.command_timeout;
  time_.at(too_late, [this, it, &over] { give_up(it, over); });
  if (strikes(fault::connection_cut)) {
    time_.after(dice_.between(duration::zero(), how_.longest_delay * 2), [this, it, &over] { give_up(it, over); });
  }
  if (strikes(fault::request_lost)) return;
  if (what.delayed || strikes(fault::request_late)) {
    arrive(too_late + dice_.between(duration::zero(), longest_lateness()), it, false, nullptr);
    return;
  }
  over.last_arrival = std::max(over.last_arrival, sent + delay());
  arrive(over.last_arrival, it, true, &over);
  if (strikes(fault::request_repeated)) {
    // A renewal is never sent twice by one call: were it to a shorter ttl, the second one might undo a later renewal.
    if (what.what == parcel::kind::acquire) server_.acquire_repeated(what.owner);
    const bool much_later = what.what != parcel::kind::renew;
    const auto lateness =
        much_later ? dice_.between(duration::zero(), how_.command_timeout + longest_lateness()) : duration::zero();
    arrive(over.last_arrival + lateness, it, false, nullptr);
  }
}

template <class Answer>
void network::arrive(time_point when, shared_exchange<Answer> it, bool answered, link* over) {
  if (it->what.what == parcel::kind::acquire) server_.acquire_sent(it->what.owner);
  auto serve = [this, it, answered, over](auto&& self) -> void {
    const auto served = server_.served(time_.now());
    if (served > time_.now()) {
      time_.at(served, [self] { self(self); });
      return;
    }
    if (it->what.what == parcel::kind::acquire) server_.acquire_arrived(it->what.owner);
    const Answer made = it->run();
    if (answered) answer(it, made, *over);
  };
  time_.at(when, [serve] { serve(serve); });
}

template <class Answer>
void network::answer(shared_exchange<Answer> it, const Answer& what, link& over) {
  if (strikes(fault::answer_lost)) return;
  const auto executed = time_.now();
  over.last_answer = std::max(over.last_answer, executed + delay());
  time_.at(over.last_answer, [it, what, executed] {
    if (it->over) return;
    it->over = true;
    it->deliver(what, executed);
  });
}

template <class Answer>
void network::give_up(shared_exchange<Answer> it, link& over) {
  if (it->over) return;
  it->over = true;
  over = {};
  it->fail({.unknown = true});
}

}  // namespace holdfast::sim
