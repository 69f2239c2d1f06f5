#include "support/fake_etcd.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "store/etcd/errors.hpp"

namespace holdfast::testing {

using namespace std::chrono_literals;

namespace {

template <class... Ts>
struct overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

bool in_range(const std::string& key, const std::string& from, const std::string& end) {
  if (end.empty()) return key == from;
  return key >= from && (end == std::string(1, '\0') || key < end);
}

}  // namespace

// --- the server --------------------------------------------------------------------------------------------------

fake_etcd::fake_etcd() {
  expirer_ = std::thread{[this] {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
      expire_due(boot_clock::now());
      stopped_.wait_for(lock, 100ms);
    }
  }};
}

fake_etcd::~fake_etcd() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    stopped_.notify_all();
  }
  expirer_.join();
}

void fake_etcd::elect() {
  const std::lock_guard lock{mutex_};
  ++term_;
  for (auto& [id, each] : leases_) each.expires = boot_clock::now() + std::chrono::seconds{each.seconds};
}

void fake_etcd::depose(bool on) {
  const std::lock_guard lock{mutex_};
  deposed_ = on;
  if (!on) ++term_;
}

void fake_etcd::cut_streams() {
  const std::lock_guard lock{mutex_};
  for (const auto& each : streams_) {
    each->over = true;
    each->changed.notify_all();
  }
}

long fake_etcd::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

etcd::header fake_etcd::seen() const { return {.member = 1, .at = at_, .term = term_}; }

void fake_etcd::expire_due(time_point now) {
  std::vector<etcd::lease_id> due;
  for (const auto& [id, each] : leases_)
    if (each.expires <= now) due.push_back(id);
  for (const auto id : due) drop_lease(id);
}

void fake_etcd::drop_lease(etcd::lease_id which) {
  leases_.erase(which);
  std::vector<std::string> gone;
  for (const auto& [key, each] : keys_)
    if (each.lease == which) gone.push_back(key);
  if (!gone.empty()) ++at_;
  for (const auto& key : gone) remove(key);
}

bool fake_etcd::holds(const etcd::created_is& what) const {
  bool any = false;
  for (const auto& [key, each] : keys_) {
    if (!in_range(key, what.key, what.end)) continue;
    any = true;
    if (each.created != what.created) return false;
  }
  return any || what.created == 0;
}

void fake_etcd::check_leases(const std::vector<etcd::action>& actions) const {
  for (const auto& each : actions) {
    const auto* put = std::get_if<etcd::put>(&each);
    if (const auto* maybe = std::get_if<etcd::put_if_absent>(&each); maybe && !keys_.contains(maybe->what.key))
      put = &maybe->what;
    if (put != nullptr && put->lease != 0 && !leases_.contains(put->lease))
      throw etcd::failure{{errc::not_held, "fake: lease not found"}, false, etcd::failure::kind::lease_gone};
  }
}

void fake_etcd::write(const etcd::put& what) {
  auto& entry = keys_[what.key];
  if (entry.created == 0) entry = {.key = what.key, .value = {}, .created = at_ + 1};
  entry.value = what.value;
  entry.lease = what.lease;
}

bool fake_etcd::remove(const std::string& key) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return false;
  for (const auto& each : streams_)
    for (const auto& [number, watched] : each->watches)
      if (watched.key == key) {
        each->deleted.emplace_back(number, found->second, at_ + 1);
        each->changed.notify_all();
      }
  keys_.erase(found);
  return true;
}

etcd::result fake_etcd::carry_out_read(const etcd::read& what) const {
  etcd::result made;
  for (const auto& [key, each] : keys_) {
    if (!in_range(key, what.key, what.end)) continue;
    ++made.count;
    if (what.created_by != 0 && each.created > what.created_by) continue;
    made.entries.push_back(each);
    if (what.keys_only) made.entries.back().value.clear();
  }
  if (what.in != etcd::read::order::by_key)
    std::sort(made.entries.begin(), made.entries.end(), [&](const etcd::entry& a, const etcd::entry& b) {
      return what.in == etcd::read::order::newest_first ? a.created > b.created : a.created < b.created;
    });
  if (what.limit != 0 && static_cast<std::int64_t>(made.entries.size()) > what.limit) {
    made.entries.resize(static_cast<std::size_t>(what.limit));
    made.more = true;
  }
  return made;
}

etcd::result fake_etcd::carry_out(const etcd::action& what, bool& wrote) {
  etcd::result made;
  std::visit(overloaded{[&](const etcd::put& p) {
                          write(p);
                          wrote = true;
                        },
                        [&](const etcd::put_if_absent& p) {
                          if (keys_.contains(p.what.key)) return;
                          write(p.what);
                          wrote = made.done = true;
                        },
                        [&](const etcd::erase& e) {
                          if (!remove(e.key)) return;
                          made.count = 1;
                          wrote = true;
                        },
                        [&](const etcd::read& r) { made = carry_out_read(r); }},
             what);
  return made;
}

etcd::committed fake_etcd::commit(const etcd::transaction& what) {
  etcd::committed made;
  made.sent = boot_clock::now();
  const std::lock_guard lock{mutex_};
  ++requests_;
  expire_due(boot_clock::now());
  made.succeeded = std::all_of(what.when.begin(), what.when.end(), [&](const auto& each) { return holds(each); });
  const auto& actions = made.succeeded ? what.then : what.otherwise;
  check_leases(actions);
  bool wrote = false;
  for (const auto& each : actions) made.results.push_back(carry_out(each, wrote));
  if (wrote) ++at_;
  made.from = seen();
  if (deposed_) ++made.from.term;
  return made;
}

// --- a client's ends ---------------------------------------------------------------------------------------------

class fake_stream final : public etcd::watch_stream {
 public:
  fake_stream(std::shared_ptr<fake_etcd> of, std::shared_ptr<etcd::watch_sink> sink)
      : of_{std::move(of)}, stream_{std::make_shared<fake_etcd::stream>()} {
    stream_->sink = std::move(sink);
    const std::lock_guard lock{of_->mutex_};
    of_->streams_.insert(stream_);
    thread_ = std::thread{[of = of_, stream = stream_] { tell(*of, stream); }};
  }
  ~fake_stream() override {
    end();
    if (thread_.get_id() == std::this_thread::get_id())
      thread_.detach();
    else
      thread_.join();
  }

  void add(std::int64_t number, const std::string& key) override {
    const std::lock_guard lock{of_->mutex_};
    stream_->watches[number] = {.key = key};
    stream_->created.emplace_back(number, of_->at_);
    stream_->changed.notify_all();
  }
  void remove(std::int64_t number) override {
    const std::lock_guard lock{of_->mutex_};
    stream_->watches.erase(number);
  }
  void end() noexcept override {
    const std::lock_guard lock{of_->mutex_};
    stream_->over = true;
    stream_->changed.notify_all();
  }
  [[nodiscard]] bool ended() const noexcept override { return stream_->told_all; }

 private:
  static void tell(fake_etcd& of, const std::shared_ptr<fake_etcd::stream>& stream) {
    std::unique_lock lock{of.mutex_};
    while (!stream->over) {
      const auto created = std::exchange(stream->created, {});
      const auto deleted = std::exchange(stream->deleted, {});
      if (created.empty() && deleted.empty()) {
        stream->changed.wait(lock);
        continue;
      }
      lock.unlock();
      for (const auto& [number, at] : created) stream->sink->on_watching(number, at);
      std::vector<std::int64_t> unwanted;
      for (const auto& [number, before, at] : deleted)
        if (!stream->sink->on_deleted(number, before, at)) unwanted.push_back(number);
      lock.lock();
      for (const auto number : unwanted) stream->watches.erase(number);
    }
    of.streams_.erase(stream);
    lock.unlock();
    stream->sink->on_stream_lost();
    stream->told_all = true;
  }

  const std::shared_ptr<fake_etcd> of_;
  const std::shared_ptr<fake_etcd::stream> stream_;
  std::thread thread_;
};

class fake_transport final : public etcd::transport {
 public:
  explicit fake_transport(std::shared_ptr<fake_etcd> of) : of_{std::move(of)} {}

  etcd::committed commit(const etcd::transaction& what, time_point) override { return of_->commit(what); }

  etcd::lease_reply grant(std::int64_t seconds, time_point) override {
    const auto sent = boot_clock::now();
    const std::lock_guard lock{of_->mutex_};
    ++of_->requests_;
    const auto id = ++of_->last_lease_;
    of_->leases_[id] = {.seconds = seconds, .expires = boot_clock::now() + std::chrono::seconds{seconds}};
    return reply(sent, id, seconds);
  }

  etcd::lease_reply keep_alive(etcd::lease_id lease, time_point) override {
    const auto sent = boot_clock::now();
    const std::lock_guard lock{of_->mutex_};
    ++of_->requests_;
    of_->expire_due(boot_clock::now());
    const auto found = of_->leases_.find(lease);
    if (found == of_->leases_.end()) return reply(sent, lease, 0);
    if (!of_->deposed_) found->second.expires = boot_clock::now() + std::chrono::seconds{found->second.seconds};
    return reply(sent, lease, found->second.seconds);
  }

  etcd::lease_reply keep_alive_apart(etcd::lease_id lease, time_point by) override { return keep_alive(lease, by); }

  etcd::lease_reply time_to_live(etcd::lease_id lease, bool with_keys, time_point) override {
    const auto sent = boot_clock::now();
    const std::lock_guard lock{of_->mutex_};
    ++of_->requests_;
    const auto found = of_->leases_.find(lease);
    if (found == of_->leases_.end()) return reply(sent, lease, -1);
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(found->second.expires - boot_clock::now());
    auto made = reply(sent, lease, left.count());
    made.granted = found->second.seconds;
    if (with_keys)
      for (const auto& [key, each] : of_->keys_)
        if (each.lease == lease) made.keys.push_back(key);
    return made;
  }

  void revoke(etcd::lease_id lease, time_point) override {
    const std::lock_guard lock{of_->mutex_};
    ++of_->requests_;
    of_->drop_lease(lease);
  }

  std::string version(time_point) override { return "3.6.0"; }

  std::unique_ptr<etcd::watch_stream> watch(std::shared_ptr<etcd::watch_sink> sink) override {
    return std::make_unique<fake_stream>(of_, std::move(sink));
  }

  std::uint64_t route() const noexcept override { return 0; }

 private:
  etcd::lease_reply reply(time_point sent, etcd::lease_id lease, std::int64_t seconds) const {
    etcd::lease_reply made;
    made.from = of_->seen();
    made.sent = sent;
    made.lease = lease;
    made.seconds = made.granted = seconds;
    return made;
  }

  const std::shared_ptr<fake_etcd> of_;
};

std::unique_ptr<etcd::transport> fake_etcd::connect() { return std::make_unique<fake_transport>(shared_from_this()); }

}  // namespace holdfast::testing
