#include "store/redis/connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "core/fork_generation.hpp"
#include "store/redis/errors.hpp"
#include "store/redis/parking.hpp"
#include "store/redis/transport.hpp"

namespace holdfast::redis {

namespace {

using namespace std::chrono_literals;

/// A connection that was idle for longer may have been closed meanwhile: a look tells, before anything is sent on it.
constexpr duration fresh = 500ms;
constexpr std::size_t most_graves = 256;
/// A server that takes connections and drops them at once is not asked for ever.
constexpr int most_attempts = 3;

std::string text_of(duration span) {
  const auto ms = std::chrono::round<std::chrono::milliseconds>(span).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

/// One caller in a call.
struct connection::caller : pending {
  parking place;

  /// Wakes those of a chain. Each may go away as soon as it is signalled.
  static void wake(pending* chain) noexcept {
    while (chain != nullptr) {
      auto* const next = chain->next_woken;
      static_cast<caller*>(chain)->place.signal();
      chain = next;
    }
  }
};

/// One connection to the server, from its greeting to its end.
class connection::link {
 public:
  link(const settings& where, const tls_context* with, pipeline::limits pipelining, time_point by)
      : over{where, with, by}, pipe{pipelining} {}

  transport over;
  parser reader;
  identity who;
  std::uint64_t number = 0;
  pipeline pipe;
  status why;             ///< Why it ended.
  time_point used{};      ///< When something was last sent or received.
  std::string plain_out;  ///< For who sends under TLS.
  std::string raw_out;    ///< For who sends: what is taken and not written.
  std::size_t raw_gone = 0;
  // For who receives:
  std::array<char, 16384> raw_in;
  std::string plain_in;
  std::vector<reply> replies;
};

connection::connection(settings where, std::shared_ptr<const tls_context> with, options how)
    : where_{std::move(where)}, tls_{std::move(with)}, how_{std::move(how)}, forks_{core::fork_generation()} {}

connection::~connection() = default;

answer connection::call(const script& what, std::span<const std::string_view> keys,
                        std::span<const std::string_view> arguments, time_point by) {
  const std::string count = std::to_string(keys.size());
  std::vector<std::string_view> words{"EVALSHA", what.sha1, count};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto got = transact(words, by);
  if (got.is == answer::outcome::replied && got.what.is == reply::kind::error &&
      got.what.text.starts_with("NOSCRIPT")) {
    words[0] = "EVAL";
    words[1] = what.text;
    got = transact(words, by);
  }
  return got;
}

answer connection::command(std::span<const std::string_view> words, time_point by) { return transact(words, by); }

bool connection::settled(std::uint64_t number) const noexcept {
  const std::lock_guard lock{mutex_};
  if (number == 0 || number < hopeless_below_) return false;
  return std::none_of(graves_.begin(), graves_.end(), [&](const grave& each) { return each.number == number; });
}

answer connection::transact(std::span<const std::string_view> words, time_point by) {
  answer result;
  if (core::fork_generation() != forks_) {
    result.why = {errc::forked, where_.shown + ": this connection belongs to the process that forked this one"};
    return result;
  }
  guard lock{mutex_};
  for (int attempt = 1;; ++attempt) {
    if (result.why = ready(lock, by); !result.why.ok()) return result;
    const auto with = current_;
    caller me;
    me.by = by;
    with->pipe.join(me, words);
    drive(lock, *with, me);  // Without the lock from here, or with it.
    // It ended before anything of ours was written: that costs another connection, not the call.
    if (me.is == answer::outcome::not_sent && !me.timed_out && attempt < most_attempts && boot_clock::now() < by) {
      if (!lock.owns_lock()) lock.lock();
      continue;
    }
    result.is = me.is;
    result.connection = with->number;
    result.sent = me.sent;
    if (me.is != answer::outcome::replied) {
      if (!lock.owns_lock()) lock.lock();
      result.why = why_not(*with, me);
      suspect(*with, me);
      return result;
    }
    result.what = std::move(me.what);
    if (result.what.is == reply::kind::error) result.why = explain_reply(result.what.text, where_.shown);
    return result;
  }
}

void connection::suspect(link& with, const caller& me) {
  if (how_.suspicion <= duration::zero() || !me.timed_out || me.is != answer::outcome::unknown) return;
  if (with.pipe.awaited(boot_clock::now()) < how_.suspicion) return;
  end(with, {errc::unavailable, where_.shown + ": the server did not answer in time"});
  caller::wake(with.pipe.woken());
}

status connection::why_not(const link& with, const caller& me) const {
  if (!me.timed_out && !with.why.ok()) return with.why;
  const bool sent = me.is == answer::outcome::unknown;
  return {errc::unavailable,
          where_.shown + (sent ? ": the server did not answer in time" : ": the server took no command in time")};
}

/// Sees to it that there is a connection, when it returns success.
status connection::ready(guard& lock, time_point by) {
  while (true) {
    if (current_ && current_->pipe.in_flight() == 0 && boot_clock::now() - current_->used > fresh &&
        current_->over.wire().stale()) {
      const auto stale = current_;
      end(*stale, explain_broken(0, where_.shown));
      caller::wake(stale->pipe.woken());  // Some may not have sent yet (the process was stopped, say).
    }
    if (current_) return {};
    if (boot_clock::now() >= by) return {errc::unavailable, where_.shown + ": the server could not be reached in time"};
    if (connecting_) {
      // What that attempt meets, we would meet too.
      for (const auto before = attempts_; connecting_ && attempts_ == before && boot_clock::now() < by;)
        connected_.wait_for(lock, by - boot_clock::now());
      if (!current_ && !connecting_ && !last_attempt_.ok()) return last_attempt_;
      continue;
    }
    connecting_ = true;
    lock.unlock();
    std::shared_ptr<link> made;
    status how;
    try {
      made = open(std::min(by, boot_clock::now() + how_.connect_timeout));
    } catch (const failure& why) {
      how = why.why;
    } catch (const std::bad_alloc&) {
      how = {errc::unavailable, "out of memory"};
    } catch (const std::exception& why) {
      how = {errc::internal, where_.shown + ": " + why.what()};
    }
    lock.lock();
    connecting_ = false;
    ++attempts_;
    last_attempt_ = how;
    current_ = std::move(made);
    connected_.notify_all();
    return how;
  }
}

std::shared_ptr<connection::link> connection::open(time_point by) {
  auto pipelining = how_.pipelining;
  pipelining.reply_timeout = how_.command_timeout;
  auto made = std::make_shared<link>(where_, tls_.get(), pipelining, by);
  std::vector<reply> answers;
  const auto inquire = [&] { return how_.inquire ? how_.inquire(answers) : std::vector<std::vector<std::string>>{}; };
  const auto views = [](const std::vector<std::vector<std::string>>& of) {
    std::vector<std::vector<std::string_view>> all;
    for (const auto& each : of) all.emplace_back(each.begin(), each.end());
    return all;
  };
  auto more = inquire();
  made->who = greet(made->over, made->reader, where_, views(more), answers, by);
  while (!more.empty() && !(more = inquire()).empty())
    answers = exchange(made->over, made->reader, views(more), by, where_.shown);
  bury(*made, by);
  const std::lock_guard lock{mutex_};
  made->number = ++made_;
  made->used = boot_clock::now();
  return made;
}

/// Has the server drop what broke before. (Only one thread at a time opens, so nobody else changes the graves but
/// by adding; and with no connection there is nothing to be added.)
void connection::bury(link& with, time_point by) {
  std::vector<grave> open_graves;
  {
    const std::lock_guard lock{mutex_};
    open_graves = graves_;
  }
  for (auto& each : open_graves)
    if (!each.hopeless) each.hopeless = !drop(with.over, with.reader, where_, each.who, by);
  std::erase_if(open_graves, [](const grave& each) { return !each.hopeless; });
  const std::lock_guard lock{mutex_};
  graves_ = std::move(open_graves);
}

/// Until the caller's command is finished. May return without the lock.
void connection::drive(guard& lock, link& with, caller& me) {
  while (true) {
    switch (with.pipe.next(me, boot_clock::now())) {
      case pipeline::duty::finished:
        if (auto* const chain = with.pipe.woken(); chain != nullptr) {
          lock.unlock();
          caller::wake(chain);
        }
        return;
      case pipeline::duty::send:
        send(lock, with, me);
        break;
      case pipeline::duty::receive:
        receive(lock, with, me);
        break;
      case pipeline::duty::wait:
        wait(lock, with, me);
        if (!lock.owns_lock()) return;
        break;
    }
  }
}

void connection::send(guard& lock, link& with, caller& me) {
  const auto now = boot_clock::now();
  try {
    if (auto* const secure = with.over.secure(); secure != nullptr) {
      with.plain_out.clear();
      with.pipe.take(with.plain_out, now);
      secure->write(with.plain_out);
      secure->take(with.raw_out);
    } else {
      with.pipe.take(with.raw_out, now);
    }
  } catch (const failure& why) {
    with.pipe.sent(me, pipeline::written::none);
    end(with, why.why);
    return;
  }
  auto* const chain = with.pipe.woken();
  // Who only helps on its way out does not wait.
  const bool waits = me.at != pending::stage::finished;
  lock.unlock();
  const std::string_view left = std::string_view{with.raw_out}.substr(with.raw_gone);
  auto gone = with.over.wire().send(left);
  if (gone.nothing() && waits && with.over.wire().wait_to_send(me.by)) gone = with.over.wire().send(left);
  caller::wake(chain);
  lock.lock();
  const bool began = gone.bytes > 0 || with.raw_gone > 0;
  with.raw_gone += gone.bytes;
  with.used = now;
  const bool all = with.raw_gone == with.raw_out.size();
  if (all) {
    with.raw_out.clear();
    with.raw_gone = 0;
  }
  with.pipe.sent(me, all ? pipeline::written::all : began ? pipeline::written::part : pipeline::written::none);
  if (gone.error != 0) end(with, explain_broken(gone.error, where_.shown));
}

void connection::receive(guard& lock, link& with, caller& me) {
  const auto until = with.pipe.receive_until(me);
  auto* const chain = with.pipe.woken();
  lock.unlock();
  caller::wake(chain);
  const auto now = boot_clock::now();
  const auto got = with.over.wire().receive(with.raw_in.data(), with.raw_in.size(), now, until);
  std::string_view bytes{with.raw_in.data(), got.bytes};
  bool open = true;
  with.replies.clear();
  if (auto* const secure = with.over.secure(); secure != nullptr && got.bytes > 0) {
    lock.lock();
    try {
      secure->feed(bytes);
      with.plain_in.clear();
      open = secure->read(with.plain_in);
    } catch (const failure& why) {
      end(with, why.why);
      return;
    }
    bytes = with.plain_in;
    lock.unlock();
  }
  const bool readable = with.reader.feed(bytes, with.replies);
  lock.lock();
  if (with.pipe.broken()) return;
  if (!with.pipe.received(me, with.replies))
    end(with, {errc::misconfigured, where_.shown + ": the server sent a reply that nobody asked for"});
  else if (!readable)
    end(with, explain_garbage(bytes, with.reader.fault(), where_.shown));
  else if (got.end || got.error != 0 || !open)
    end(with, explain_broken(got.error, where_.shown));
  else if (got.bytes == 0 && !with.pipe.nothing_came(boot_clock::now()))
    end(with,
        {errc::unavailable, where_.shown + ": the server did not answer within " + text_of(how_.command_timeout)});
  with.used = now;
}

/// Returns without the lock if the command is finished.
void connection::wait(guard& lock, link& with, caller& me) {
  auto* const chain = with.pipe.woken();
  lock.unlock();
  caller::wake(chain);
  bool signalled = me.place.wait(me.by);
  // Whoever is finished has no part in the pipeline any more.
  if (signalled && me.at == pending::stage::finished) return;
  lock.lock();
  if (!signalled && !me.waiting) {
    // Somebody is about to signal, and must find us here.
    lock.unlock();
    me.place.wait(time_point::max());
    signalled = true;
    lock.lock();
  }
  if (signalled) me.place.reset();
}

/// Under the lock. Everybody in it is finished by this.
void connection::end(link& with, status why) {
  if (with.pipe.broken()) return;
  with.why = std::move(why);
  with.pipe.broke();
  with.over.wire().shut();
  if (with.pipe.left_unknown()) {
    graves_.push_back({.number = with.number, .who = with.who});
    if (graves_.size() > most_graves) {
      hopeless_below_ = graves_.front().number + 1;
      graves_.erase(graves_.begin());
    }
  }
  if (current_.get() == &with) current_.reset();
}

}  // namespace holdfast::redis
