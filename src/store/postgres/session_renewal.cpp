#include <poll.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "store/postgres/session_protocol.hpp"
#include "store/postgres/session_statements.hpp"

/// A renewal is a statement on the very session that has the lock: its answer proves that the session stands, and the
/// server counts its silence anew.
namespace holdfast::postgres {

using state = session_tenure::state;

void session_protocol::start_renewal(session_tenure& mine, duration ttl, time_point by) {
  const auto title = "holdfast " + std::to_string(mine.token) + " " + mine.owner.hex();
  const auto limit = limit_of(ttl);
  parameters with;
  with.bytes(title).bytes(limit);
  (*mine.on)->start(marked(mine, ttl, session_text::keep), with, by);
  mine.asked = true;
}

/// Whether an earlier renewal's answer is still to come.
bool session_protocol::still_asked(session_tenure& mine, time_point by) {
  if (mine.asked && (*mine.on)->answer(by)) mine.asked = false;
  return mine.asked;
}

/// All are sent before any answer is waited for, each on its own session.
core::renew_answer session_protocol::renew(std::span<const core::lease_ref> leases,
                                           std::span<core::renew_verdict> verdicts, time_point by) {
  core::renew_answer result;
  result.sent = time_point::max();
  std::vector<session_book::grip> all;
  all.reserve(leases.size());
  std::vector<char> late(leases.size());
  const auto carefully = [&](std::size_t i, auto&& body) {
    try {
      body(*all[i]);
    } catch (const failure& why) {
      if (why.mend == failure::remedy::none) {  // Refused, or cancelled by an administrator: the session stands.
        result.why = why.why;
        return;
      }
      // The session has ended, and with it the lock.
      at_.lose(leases[i].owner, **all[i]->on, leases[i].ttl);
      all[i]->end();
      verdicts[i] = core::renew_verdict::lost;
    }
  };
  for (std::size_t i = 0; i < leases.size(); ++i) {
    auto& mine = all.emplace_back(book_.take(leases[i].owner, by));
    verdicts[i] = mine && mine->is == state::held ? core::renew_verdict::unknown : core::renew_verdict::lost;
    if (verdicts[i] == core::renew_verdict::lost) continue;
    carefully(i, [&](session_tenure& one) {
      late[i] = still_asked(one, boot_clock::now());
      if (!late[i]) start_renewal(one, leases[i].ttl, by);
    });
  }
  // Who has answered goes back at once: one that is stuck keeps no verb from the others.
  std::vector<pollfd> open;
  do {
    open.clear();
    for (std::size_t i = 0; i < leases.size(); ++i) {
      if (!all[i]) continue;
      if (verdicts[i] != core::renew_verdict::lost)
        carefully(i, [&](session_tenure& one) {
          const bool asked = still_asked(one, boot_clock::now());
          if (!asked && late[i]) start_renewal(one, leases[i].ttl, by);
          if (asked || std::exchange(late[i], 0) != 0) {
            open.push_back({(*one.on)->socket(), POLLIN, 0});
            return;
          }
          one.ttl = leases[i].ttl;
          verdicts[i] = core::renew_verdict::renewed;
          result.sent = std::min(result.sent, (*one.on)->sent());
        });
      if (verdicts[i] != core::renew_verdict::unknown) all[i].let_go();
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(by - boot_clock::now()).count();
    if (!open.empty()) ::poll(open.data(), open.size(), static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000)));
  } while (!open.empty() && boot_clock::now() < by);
  if (!open.empty())
    result.why = {errc::unavailable, at_.with().shown + ": no answer in time from a session that has a lock"};
  return result;
}

}  // namespace holdfast::postgres
