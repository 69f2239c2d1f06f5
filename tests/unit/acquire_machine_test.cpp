#include "core/acquire_machine.hpp"

#include <gtest/gtest.h>

namespace holdfast::core {

namespace {

using namespace std::chrono_literals;
using todo = acquire_machine::todo;
using ending = acquire_machine::ending;
using outcome = turn_answer::outcome;

constexpr time_point t0{1h};

turn_answer granted(time_point sent, duration ttl = 1s) {
  turn_answer made;
  made.is = outcome::granted;
  made.token = 7;
  made.ttl = ttl;
  made.sent = sent;
  return made;
}

turn_answer queued(duration look_again = 500ms) {
  turn_answer made;
  made.is = outcome::queued;
  made.look_again = look_again;
  return made;
}

turn_answer just(outcome is) {
  turn_answer made;
  made.is = is;
  return made;
}

turn_answer lost_answer() {
  turn_answer made;
  made.unknown = true;
  made.why = {errc::outcome_unknown, "no answer"};
  return made;
}

turn_answer failure(errc code) {
  turn_answer made;
  made.why = {code, "it failed"};
  return made;
}

withdraw_answer withdrawn(bool done = true, bool conclusive = true) {
  withdraw_answer made;
  made.done = done;
  made.conclusive = conclusive;
  return made;
}

class acquiring : public testing::Test {
 protected:
  acquire_machine m{{.wait = true, .patience = 2s}};
  acquire_machine trying{{.wait = false, .patience = 2s}};
};

}  // namespace

TEST_F(acquiring, a_free_resource_is_granted_at_once) {
  EXPECT_EQ(m.start(t0).what, todo::send_acquire);
  EXPECT_EQ(m.on_answer(granted(t0), t0 + 1ms).what, todo::finish);
  EXPECT_EQ(m.end().is, ending::granted);
  EXPECT_EQ(m.end().token, 7U);
  EXPECT_EQ(m.end().sent, t0) << "the lease counts from the send";
  EXPECT_FALSE(m.end().leftover);
}

TEST_F(acquiring, busy_ends_who_does_not_wait) {
  trying.start(t0);
  EXPECT_EQ(trying.on_answer(just(outcome::busy), t0).what, todo::finish);
  EXPECT_EQ(trying.end().is, ending::busy);
  EXPECT_FALSE(trying.end().leftover);
}

TEST_F(acquiring, a_waiter_claims_on_a_hint) {
  m.start(t0);
  const auto pause = m.on_answer(queued(500ms), t0 + 1ms);
  EXPECT_EQ(pause.what, todo::pause);
  EXPECT_EQ(pause.until, t0 + 501ms);
  EXPECT_TRUE(m.queued());
  EXPECT_EQ(m.on_hint(t0 + 10ms).what, todo::send_claim);
  EXPECT_EQ(m.on_answer(granted(t0 + 10ms), t0 + 11ms).what, todo::finish);
  EXPECT_EQ(m.end().is, ending::granted);
  EXPECT_FALSE(m.queued());
}

TEST_F(acquiring, a_waiter_looks_again_without_a_hint) {
  m.start(t0);
  m.on_answer(queued(), t0);
  EXPECT_EQ(m.on_time(t0 + 500ms).what, todo::send_claim);
  EXPECT_EQ(m.on_answer(queued(100ms), t0 + 501ms).until, t0 + 601ms) << "a hint for nothing is only a hint";
}

TEST_F(acquiring, a_waiter_whose_ticket_is_gone_asks_anew) {
  m.start(t0);
  m.on_answer(queued(), t0);
  m.on_hint(t0);
  const auto next = m.on_answer(just(outcome::gone), t0);
  EXPECT_EQ(next.what, todo::send_acquire);
  EXPECT_FALSE(next.new_owner);
  EXPECT_FALSE(m.queued());
}

TEST_F(acquiring, a_lost_answer_is_resolved_by_asking_again) {
  m.start(t0);
  const auto pause = m.on_answer(lost_answer(), t0 + 100ms);
  EXPECT_EQ(pause.what, todo::pause);
  EXPECT_EQ(m.trouble(), errc::outcome_unknown);
  const auto again = m.on_time(pause.until);
  EXPECT_EQ(again.what, todo::send_acquire);
  EXPECT_FALSE(again.new_owner) << "the same owner gets the same answer";
  m.on_answer(granted(pause.until), pause.until + 1ms);
  EXPECT_EQ(m.end().is, ending::granted);
  EXPECT_TRUE(m.trouble().ok());
}

TEST_F(acquiring, what_the_store_says_of_a_wait_in_vain_is_kept) {
  m.start(t0);
  auto answer = queued();
  answer.why = {errc::timed_out, "held for ever"};
  m.on_answer(answer, t0);
  EXPECT_EQ(m.trouble().message(), "held for ever");
  m.on_hint(t0);
  m.on_answer(queued(), t0);
  EXPECT_TRUE(m.trouble().ok());
  m.on_hint(t0);
  auto refused = just(outcome::busy);
  refused.why = {errc::busy, "held for ever"};
  EXPECT_EQ(m.on_answer(refused, t0).what, todo::finish);
  EXPECT_EQ(m.end().is, ending::busy);
  EXPECT_EQ(m.end().why.message(), "held for ever");
}

TEST_F(acquiring, a_lost_claim_is_claimed_again) {
  m.start(t0);
  m.on_answer(queued(), t0);
  m.on_hint(t0);
  EXPECT_EQ(m.on_answer(lost_answer(), t0 + 100ms).what, todo::pause);
  EXPECT_TRUE(m.queued()) << "it still needs heartbeats";
  EXPECT_EQ(m.on_time(t0 + 120ms).what, todo::send_claim);
}

TEST_F(acquiring, who_tries_undoes_what_it_does_not_know) {
  trying.start(t0);
  EXPECT_EQ(trying.on_answer(lost_answer(), t0 + 100ms).what, todo::send_withdraw);
  EXPECT_EQ(trying.on_withdrawn(withdrawn(), t0 + 101ms).what, todo::finish);
  EXPECT_EQ(trying.end().is, ending::failed);
  EXPECT_EQ(trying.end().why, errc::outcome_unknown);
  EXPECT_FALSE(trying.end().leftover);
}

TEST_F(acquiring, a_store_that_is_not_there_fails_the_first_call) {
  m.start(t0);
  EXPECT_EQ(m.on_answer(failure(errc::unavailable), t0).what, todo::finish) << "nothing was sent, nothing to undo";
  EXPECT_EQ(m.end().is, ending::failed);
  EXPECT_FALSE(m.end().leftover);
}

TEST_F(acquiring, a_store_that_goes_away_is_borne_with_for_a_while) {
  m.start(t0);
  m.on_answer(queued(), t0);
  auto now = t0;
  int tries = 0;
  auto next = m.on_hint(now);
  while (next.what == todo::send_claim) {
    next = m.on_answer(failure(errc::unavailable), now);
    ++tries;
    if (next.what != todo::pause) break;
    EXPECT_GT(next.until, now);
    now = next.until;
    next = m.on_time(now);
  }
  EXPECT_EQ(next.what, todo::send_withdraw);
  EXPECT_GE(now - t0, 2s);
  EXPECT_GT(tries, 3);
  m.on_withdrawn(withdrawn(false), now);
  EXPECT_TRUE(m.end().leftover) << "the keeper goes on withdrawing";
}

TEST_F(acquiring, what_time_does_not_mend_fails_at_once) {
  m.start(t0);
  m.on_answer(queued(), t0);
  m.on_hint(t0);
  EXPECT_EQ(m.on_answer(failure(errc::not_authorised), t0).what, todo::send_withdraw);
  m.on_withdrawn(withdrawn(), t0);
  EXPECT_EQ(m.end().why, errc::not_authorised);
}

TEST_F(acquiring, who_gives_up_withdraws) {
  m.start(t0);
  m.on_answer(queued(), t0);
  EXPECT_EQ(m.give_up(t0 + 1s).what, todo::send_withdraw);
  EXPECT_EQ(m.on_withdrawn(withdrawn(), t0 + 1s).what, todo::finish);
  EXPECT_EQ(m.end().is, ending::given_up);
  EXPECT_FALSE(m.end().leftover);
}

TEST_F(acquiring, an_undo_that_is_not_certain_leaves_something_over) {
  for (const auto& answer : {withdrawn(false), withdrawn(true, false)}) {
    acquire_machine one{{.wait = true, .patience = 2s}};
    one.start(t0);
    one.on_answer(lost_answer(), t0 + 100ms);
    one.give_up(t0 + 100ms);
    one.on_withdrawn(answer, t0 + 200ms);
    EXPECT_TRUE(one.end().leftover);
  }
}

TEST_F(acquiring, a_late_grant_is_given_back_and_asked_for_anew_as_another_tenure) {
  m.start(t0);
  EXPECT_EQ(m.on_answer(granted(t0, 1s), t0 + 950ms).what, todo::send_withdraw);
  const auto again = m.on_withdrawn(withdrawn(), t0 + 960ms);
  EXPECT_EQ(again.what, todo::send_acquire);
  EXPECT_TRUE(again.new_owner);
  EXPECT_EQ(m.on_answer(granted(t0 + 960ms), t0 + 970ms).what, todo::finish);
  EXPECT_EQ(m.end().is, ending::granted);
}

TEST_F(acquiring, who_tries_does_not_ask_anew_after_a_late_grant) {
  trying.start(t0);
  EXPECT_EQ(trying.on_answer(granted(t0, 1s), t0 + 2s).what, todo::send_withdraw);
  EXPECT_EQ(trying.on_withdrawn(withdrawn(), t0 + 2s).what, todo::finish);
  EXPECT_EQ(trying.end().is, ending::failed);
}

TEST_F(acquiring, who_gives_up_while_a_late_grant_goes_back_does_not_begin_anew) {
  m.start(t0);
  m.on_answer(granted(t0, 1s), t0 + 950ms);
  EXPECT_EQ(m.give_up(t0 + 950ms).what, todo::send_withdraw);
  EXPECT_EQ(m.on_withdrawn(withdrawn(), t0 + 960ms).what, todo::finish);
  EXPECT_EQ(m.end().is, ending::given_up);
}

}  // namespace holdfast::core
