#include "redis/pipeline_world.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "rng.hpp"
#include "store/redis/parser.hpp"
#include "store/redis/pipeline.hpp"
#include "timeline.hpp"

namespace holdfast::sim {

namespace {

using namespace std::chrono_literals;
using redis::answer;
using redis::pending;
using redis::pipeline;

struct broken_promise : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How long a thread may take from being able to go on to going on.
constexpr duration longest_step = 200us;
/// Within this a caller must have what was there for it: many threads, each of which may have to go on first.
constexpr duration prompt = 20ms;
constexpr duration reply_timeout = 300ms;

struct caller;

/// One connection: its pipeline, the bytes under way, and the server's end of it.
struct wire {
  explicit wire(std::size_t direct) : pipe{{.reply_timeout = reply_timeout, .direct = direct}} {}

  pipeline pipe;
  redis::parser replies;  ///< The reader's.
  std::string out;        ///< Taken and not written.
  std::size_t gone = 0;   ///< Of it.
  std::string in;         ///< Come, and not read.
  bool ended = false;     ///< As far as the client can see.
  std::optional<time_point> broke;
  caller* sending = nullptr;
  caller* receiving = nullptr;

  redis::parser commands;  ///< The server's.
  bool cut = false;        ///< Nothing reaches the server any more.
  bool hung = false;
  time_point last_arrival{};
  time_point last_reply{};
};

/// One thread and its command.
struct caller : pending {
  std::uint64_t id = 0;
  std::shared_ptr<wire> on;
  bool asleep = false;
  bool signalled = false;  ///< By a waker, which it has to wait for once its `waiting` is off.
  bool done = false;
  time_point joined{};
  std::optional<time_point> reply_came;
  std::uint64_t naps = 0;  ///< Tells timers of an earlier sleep apart.
};

class world {
 public:
  world(std::uint64_t seed, bool telling, pipeline_tally& counts) : dice_{seed}, telling_{telling}, counts_{counts} {
    calm_ = dice_.chance(300);
    direct_ = dice_.below(3) == 0 ? 64 : 1 + dice_.below(4);
    current_ = std::make_shared<wire>(direct_);
  }

  void run() {
    const auto threads = 2 + dice_.below(7);
    for (std::size_t i = 0; i < threads; ++i) {
      const auto calls = 1 + dice_.below(5);
      time_.after(dice_.between(0ns, 3ms), [this, calls] { begin(calls); });
    }
    if (!calm_) {
      if (dice_.chance(500)) time_.after(dice_.between(0ns, 10ms), [this] { cut(*current_); });
      if (dice_.chance(200)) time_.after(dice_.between(0ns, 10ms), [this] { hang(); });
    }
    for (int steps = 0; time_.step();) {
      if (++steps > 200'000) fail("it goes on for ever");
      check_somebody_works();
    }
    for (const auto& each : callers_)
      if (!each->done) fail(name(*each) + " never came back");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw broken_promise{stamp() + what}; }
  [[nodiscard]] std::string stamp() const {
    const auto since = std::chrono::duration_cast<std::chrono::microseconds>(time_.now().time_since_epoch() - 1h);
    return std::to_string(since.count()) + " us  ";
  }
  void tell(const std::string& what) const {
    if (telling_) std::cout << stamp() << what << '\n';
  }
  static std::string name(const caller& who) { return "call " + std::to_string(who.id); }
  void count(mishap what) { ++counts_.of[static_cast<std::size_t>(what)]; }
  bool strikes(unsigned per_mille) { return !calm_ && dice_.chance(per_mille); }
  duration step() { return dice_.between(duration{100}, longest_step); }

  /// As long as somebody waits for a connection, somebody works at it, or is on the way to.
  void check_somebody_works() const {
    const auto waits = [](const caller& who) { return who.asleep && who.waiting; };
    for (const auto& each : callers_) {
      if (each->done || !waits(*each)) continue;
      const bool works = std::any_of(callers_.begin(), callers_.end(), [&](const auto& other) {
        return other->on == each->on && !other->done && !waits(*other);
      });
      if (!works) fail(name(*each) + " waits, and nobody works");
    }
  }

  // --- callers
  void begin(std::size_t calls_left) {
    if (current_->pipe.broken()) current_ = std::make_shared<wire>(direct_);
    callers_.push_back(std::make_unique<caller>());
    auto& me = *callers_.back();
    me.id = callers_.size();
    me.on = current_;
    me.joined = time_.now();
    me.by = time_.now() + (strikes(300) ? dice_.between(10us, 4ms) : dice_.between(100ms, 1s));
    left_[me.id] = calls_left - 1;
    order_[me.on.get()].push_back(me.id);
    const std::string id = std::to_string(me.id);
    me.on->pipe.join(me, std::array<std::string_view, 2>{"ECHO", id});
    ++counts_.calls;
    tell(name(me) + " joins");
    go_on(me);
  }

  void go_on(caller& me) {
    auto& on = *me.on;
    const bool was_reader = on.receiving == &me;
    const bool was_finished = me.at == pending::stage::finished;
    const auto stage_before = me.at;
    if (was_reader) on.receiving = nullptr;
    const auto what = on.pipe.next(me, time_.now());
    if (!was_finished && me.at == pending::stage::finished) {
      count(stage_before == pending::stage::queued ? mishap::gave_up_queued : mishap::gave_up_sent);
      if (was_reader) count(mishap::reader_gave_up);
      if (time_.now() < me.by) fail(name(me) + " was given up before its time");
    }
    switch (what) {
      case pipeline::duty::finished:
        wake(on);
        return finished(me);
      case pipeline::duty::send:
        return send(me);
      case pipeline::duty::receive:
        return receive(me);
      case pipeline::duty::wait:
        wake(on);
        return sleep(me);
    }
  }

  /// What threads woken by the pipeline are told, each a little later.
  void wake(wire& on) {
    for (auto* each = on.pipe.woken(); each != nullptr;) {
      auto& who = static_cast<caller&>(*each);
      each = each->next_woken;
      time_.after(step(), [this, &who] {
        if (who.done) fail(name(who) + " went away before it was signalled");
        who.signalled = true;
        if (who.asleep) time_.after(step(), [this, &who, nap = who.naps] { wake_up(who, nap); });
      });
    }
  }

  void sleep(caller& me) {
    me.asleep = true;
    ++me.naps;
    time_.at(me.by + step(), [this, &me, nap = me.naps] { wake_up(me, nap); });
  }

  /// Signalled, or its time has passed.
  void wake_up(caller& me, std::uint64_t nap) {
    if (!me.asleep || nap != me.naps) return;
    if (!me.signalled && !me.waiting) return;  // Somebody is about to signal, and must find it here.
    me.asleep = false;
    if (me.signalled && me.at == pending::stage::finished) {
      count(mishap::handed);
      return finished(me);
    }
    me.signalled = false;
    go_on(me);
  }

  void finished(caller& me) {
    me.done = true;
    tell(name(me) + (me.is == answer::outcome::replied    ? " has its reply"
                     : me.is == answer::outcome::not_sent ? " was not sent"
                                                          : " is unknown"));
    if (me.on->sending == &me || me.on->receiving == &me) fail(name(me) + " leaves in the middle of its work");
    if (me.is == answer::outcome::replied) {
      ++counts_.replied;
      if (me.what.text != std::to_string(me.id)) fail(name(me) + " got the reply of call " + me.what.text);
    } else if (!me.timed_out && !me.on->pipe.broken()) {
      fail(name(me) + " ended without a reply, though the connection stands");
    } else if (me.timed_out && time_.now() < me.by) {
      fail(name(me) + " gave up before its time");
    }
    if (me.is == answer::outcome::not_sent && executed_.contains(me.id))
      fail(name(me) + " was carried out, not unsent");
    if (me.is == answer::outcome::unknown && me.sent == time_point{}) fail(name(me) + " is unknown, though never sent");
    if (time_.now() > me.by + prompt) fail(name(me) + " came back long after its time");
    if (me.reply_came && me.is != answer::outcome::replied && !me.on->ended && *me.reply_came + prompt < me.by)
      fail(name(me) + " did not get the reply that was there");
    if (me.reply_came && me.is == answer::outcome::replied && time_.now() > *me.reply_came + prompt)
      fail(name(me) + " got its reply long after it was there");
    if (me.on->broke && !me.timed_out && time_.now() > *me.on->broke + prompt)
      fail(name(me) + " was not told that the connection had ended");
    if (calm_ && me.is != answer::outcome::replied) fail(name(me) + " failed without a fault");
    const auto left = left_[me.id];
    if (left > 0) time_.after(dice_.between(0ns, 2ms), [this, left] { begin(left); });
  }

  // --- sending
  void send(caller& me) {
    auto& on = *me.on;
    if (on.sending != nullptr) fail(name(me) + " sends beside " + name(*on.sending));
    on.sending = &me;
    on.pipe.take(on.out, time_.now());
    wake(on);
    // The system call, somewhere in which the bytes go.
    time_.after(step(), [this, &me] {
      auto& to = *me.on;
      auto size = to.out.size() - to.gone;
      bool failed = to.ended;
      if (strikes(40)) {
        size = dice_.below(size + 1);
        count(mishap::short_write);
      }
      if (!failed && strikes(10)) {
        failed = true;
        count(mishap::failed_write);
      }
      if (failed) size = 0;
      arrive(me.on, to.out.substr(to.gone, size));
      if (strikes(10)) cut(to);
      time_.after(step(), [this, &me, size, failed] { sent(me, size, failed); });
    });
  }

  void sent(caller& me, std::size_t size, bool failed) {
    auto& on = *me.on;
    on.sending = nullptr;
    const bool began = size > 0 || on.gone > 0;
    on.gone += size;
    const bool all = on.gone == on.out.size();
    if (all) {
      on.out.clear();
      on.gone = 0;
    }
    on.pipe.sent(me, all ? pipeline::written::all : began ? pipeline::written::part : pipeline::written::none);
    if (failed) end(on);
    go_on(me);
  }

  // --- receiving
  void receive(caller& me) {
    auto& on = *me.on;
    if (on.receiving != nullptr) fail(name(me) + " reads beside " + name(*on.receiving));
    on.receiving = &me;
    wake(on);
    const auto until = std::max(on.pipe.receive_until(me), time_.now());
    if (!on.in.empty() || on.ended) return come(on);
    time_.at(until + step(), [this, &me, turn = ++reads_[&me]] {
      if (me.on->receiving == &me && reads_[&me] == turn) received(me);
    });
  }

  /// Something is there for the reader.
  void come(wire& on) {
    if (on.receiving == nullptr) return;
    auto& me = *on.receiving;
    time_.after(step(), [this, &me, turn = ++reads_[&me]] {
      if (me.on->receiving == &me && reads_[&me] == turn) received(me);
    });
  }

  void received(caller& me) {
    auto& on = *me.on;
    if (on.pipe.broken()) {
      on.receiving = nullptr;
      return go_on(me);
    }
    const auto size = strikes(200) ? dice_.below(on.in.size() + 1) : on.in.size();
    if (size < on.in.size()) count(mishap::torn_reply);
    std::vector<redis::reply> whole;
    if (!on.replies.feed(std::string_view{on.in}.substr(0, size), whole)) fail("the parser refuses a reply");
    const bool nothing = on.in.empty();
    on.in.erase(0, size);
    for (const auto& each : whole)
      if (callers_[std::stoul(each.text) - 1]->done) count(mishap::late_reply);
    if (!on.pipe.received(me, whole)) fail("there are more replies than commands");
    if (nothing && on.ended) {
      end(on);
    } else if (nothing && !on.pipe.nothing_came(time_.now())) {
      check_overdue(on);
      count(mishap::overdue);
      end(on);
    }
    go_on(me);
  }

  /// That the connection is given up for its oldest command alone.
  void check_overdue(const wire& on) const {
    for (const auto id : order_.at(&on)) {
      const auto& who = *callers_[id - 1];
      if (who.sent == time_point{} || who.reply_came) continue;
      if (time_.now() < who.sent + reply_timeout) fail("the connection is given up before its time");
      return;
    }
    fail("the connection is given up though every reply came");
  }

  void end(wire& on) {
    on.ended = true;
    on.cut = true;
    tell("the connection ends");
    if (!on.pipe.broken()) on.broke = time_.now();
    on.pipe.broke();
    wake(on);
    come(on);
  }

  // --- the network and the server
  void arrive(const std::shared_ptr<wire>& to, std::string bytes) {
    if (bytes.empty() || to->cut) return;
    to->last_arrival = std::max(to->last_arrival, time_.now() + dice_.between(5us, 100us));
    time_.at(to->last_arrival, [this, to, bytes = std::move(bytes)] {
      if (to->cut) return;
      std::vector<redis::reply> commands;
      if (!to->commands.feed(bytes, commands)) fail("the server can't read the commands");
      for (const auto& each : commands) execute(to, std::stoul(each.items.at(1).text));
    });
  }

  void execute(const std::shared_ptr<wire>& to, std::uint64_t id) {
    auto& last = last_executed_[to.get()];
    if (id <= last) fail("call " + std::to_string(id) + " was carried out after a later one");
    last = id;
    executed_[id] = true;
    tell("the server carries out " + std::to_string(id));
    if (const auto& who = *callers_[id - 1]; who.done && who.is == answer::outcome::not_sent)
      fail(name(who) + " was carried out, not unsent");
    if (to->hung) return;
    auto takes = dice_.between(5us, 100us);
    if (strikes(20)) {
      takes = dice_.between(1ms, 400ms);
      count(mishap::slow);
    }
    to->last_reply = std::max(to->last_reply, time_.now()) + takes;
    time_.at(to->last_reply, [this, to, id] {
      if (to->cut || to->hung) return;
      const auto text = std::to_string(id);
      to->in += "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
      callers_[id - 1]->reply_came = time_.now();
      come(*to);
    });
  }

  void cut(wire& on) {
    count(mishap::cut);
    tell("the connection is cut");
    on.cut = true;
    on.ended = true;
    come(on);
  }
  void hang() {
    count(mishap::hang);
    tell("the server hangs");
    current_->hung = true;
  }

  timeline time_;
  rng dice_;
  const bool telling_;
  pipeline_tally& counts_;
  bool calm_ = false;
  std::size_t direct_ = 2;
  std::shared_ptr<wire> current_;
  std::vector<std::unique_ptr<caller>> callers_;
  std::map<std::uint64_t, std::size_t> left_;
  std::map<const wire*, std::vector<std::uint64_t>> order_;
  std::map<const wire*, std::uint64_t> last_executed_;
  std::map<std::uint64_t, bool> executed_;
  std::map<const caller*, std::uint64_t> reads_;
};

}  // namespace

std::optional<std::string> run_pipeline_schedule(std::uint64_t seed, bool tell, pipeline_tally& counts) {
  world all{seed, tell, counts};
  try {
    all.run();
  } catch (const broken_promise& why) {
    return why.what();
  }
  return std::nullopt;
}

}  // namespace holdfast::sim
