#include "conformance/suite.hpp"

#include <algorithm>
#include <utility>

#include "holdfast/status.hpp"

namespace holdfast::conformance {

site::~site() = default;

std::unique_ptr<core::store> opened(const core::store_module& module, const std::string& url,
                                    const core::store_options& options) {
  std::unique_ptr<core::store> made;
  if (const status how = module.open(core::url::parse(url), options, made); !how.ok()) throw error{how};
  return made;
}

void hint_box::attach(core::store& to) {
  to.on_turn([this](const core::owner_id& owner) {
    const std::lock_guard lock{mutex_};
    hints_.push_back(owner);
    changed_.notify_all();
  });
}

bool hint_box::got_locked(const core::owner_id& owner) const {
  return std::any_of(hints_.begin(), hints_.end(), [&](const auto& hint) { return hint.nil() || hint == owner; });
}

bool hint_box::await(const core::owner_id& owner) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, 30s, [&] { return got_locked(owner); });
}

bool hint_box::got(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  return got_locked(owner);
}

std::size_t hint_box::count() {
  const std::lock_guard lock{mutex_};
  return hints_.size();
}

conformance::conformance() = default;
conformance::~conformance() = default;

core::request conformance::ask(std::string resource, duration ttl, std::uint32_t reserve) {
  core::request made;
  made.resource = std::move(resource);
  made.owner = core::owner_id::random();
  made.ttl = ttl;
  made.reserve = reserve;
  made.party = "host=here\npid=42\nuser=me\ncommand=sleep 5\nnote=n\n";
  return made;
}

std::uint64_t conformance::grant(core::store& at, const core::request& what) {
  const auto answer = acquire(at, what);
  EXPECT_EQ(answer.is, outcome::granted) << answer.why.message();
  EXPECT_GT(answer.token, 0U);
  EXPECT_LT(answer.token, 1ULL << 53);
  EXPECT_GE(answer.ttl, what.ttl);
  return answer.token;
}

core::turn_answer conformance::queue(core::store& at, const core::request& what) {
  auto answer = acquire(at, what);
  EXPECT_EQ(answer.is, outcome::queued) << answer.why.message();
  return answer;
}

std::uint64_t conformance::take_up(core::store& at, const core::request& what) {
  const auto answer = claim(at, what);
  EXPECT_EQ(answer.is, outcome::granted) << answer.why.message();
  EXPECT_GE(answer.ttl, what.ttl);
  return answer.token;
}

release_outcome conformance::release(core::store& at, const core::request& what, std::uint64_t token) {
  const auto answer = at.release(lease(what, token), by());
  EXPECT_NE(answer.is, release_outcome::failed) << answer.why.message();
  return answer.is;
}

core::wait_verdict conformance::heartbeat(core::store& at, const core::request& what) {
  const core::waiter_ref who = waiter(what);
  auto verdict = core::wait_verdict::unknown;
  const auto how = at.heartbeat({&who, 1}, {&verdict, 1}, by());
  EXPECT_TRUE(how.ok()) << how.message();
  return verdict;
}

core::renew_verdict conformance::renew(core::store& at, const core::request& what, duration ttl) {
  const core::lease_ref which = lease(what, 0, ttl);
  auto verdict = core::renew_verdict::unknown;
  const auto answer = at.renew({&which, 1}, {&verdict, 1}, by());
  EXPECT_TRUE(answer.why.ok()) << answer.why.message();
  return verdict;
}

void conformance::withdraw(core::store& at, const core::request& what) {
  const auto answer = at.withdraw(waiter(what), by());
  EXPECT_TRUE(answer.done) << answer.why.message();
}

resource_view conformance::inspect(core::store& at, std::string_view resource) {
  resource_view view;
  const auto how = at.inspect(resource, view, by());
  EXPECT_TRUE(how.ok()) << how.message();
  EXPECT_EQ(view.name, resource);
  return view;
}

bool conformance::occupied(core::store& at, const std::string& resource) {
  const auto probe = ask(resource, 100ms);
  const auto answer = acquire(at, probe, false);
  if (answer.is == outcome::granted) {
    release(at, probe, answer.token);
  } else {
    EXPECT_EQ(answer.is, outcome::busy) << answer.why.message();
  }
  return answer.is != outcome::granted;
}

void conformance::pass_alive(core::store& at, const std::vector<core::request>& waiters, duration span) {
  std::vector<core::waiter_ref> refs;
  for (const auto& each : waiters) refs.push_back(waiter(each));
  std::vector<core::wait_verdict> verdicts(refs.size());
  const auto every = at.traits().heartbeat_every;
  const auto step = every > duration::zero() ? every / 2 : duration{200ms};
  const auto end = site_->now() + span;
  while (true) {
    const auto how = at.heartbeat(refs, verdicts, by());
    ASSERT_TRUE(how.ok()) << how.message();
    if (site_->now() >= end) return;
    site_->pass(std::min<duration>(step, end - site_->now()));
  }
}

}  // namespace holdfast::conformance
