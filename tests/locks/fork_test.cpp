// After fork() the child owns nothing: calls give errc::forked, unlock does nothing, destructors neither join nor write.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "holdfast/holdfast.hpp"

namespace {

using namespace std::chrono_literals;
using holdfast::client;
using holdfast::errc;

/// Runs `body` in a forked child and returns its exit code.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);  // A child that hangs is a failure, not a hang of the test.
    ::_exit(body());
  }
  int state = 0;
  EXPECT_EQ(::waitpid(child, &state, 0), child);
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

TEST(fork, the_child_owns_nothing) {
  auto c = std::make_unique<client>("memory:fork-test");
  auto held = std::make_unique<holdfast::mutex>(*c, "k");
  auto lock = c->acquire("other");
  held->lock();
  const auto lease = held->lease();
  EXPECT_EQ(in_child([&] {
              int wrong = 0;
              wrong += !(held->acquire({.timeout = 1s}) == errc::forked);
              wrong += !(held->release() == errc::forked);
              wrong += !(held->refresh(5s) == errc::forked);
              wrong += !(c->ping() == errc::forked);
              wrong += !(c->close(1s) == errc::forked);
              wrong += held->lease().held();
              held->unlock();
              held.reset();
              { const auto moved = std::move(lock); }
              c.reset();
              return wrong;
            }),
            0);
  EXPECT_TRUE(lease.held());
  EXPECT_TRUE(lock.lease().held());
  EXPECT_TRUE(held->release().ok());
}

TEST(fork, the_child_may_make_clients_of_its_own) {
  client c{"memory:"};
  const auto lock = c.acquire("k");
  EXPECT_EQ(in_child([] {
              client own{"memory:"};
              holdfast::mutex m{own, "k", {.ttl = 100ms, .renew = false}};
              m.lock();
              const auto lost = m.lease().lost();
              for (int i = 0; i < 10'000 && !lost.stop_requested(); ++i) ::usleep(1000);
              return lost.stop_requested() ? 0 : 1;
            }),
            0);
}

}  // namespace
