// The lease's driver: renewals, refreshes, the watchdog, the release, and what the keeper goes on with.
#include <algorithm>
#include <utility>

#include "client.hpp"

namespace holdfast::sim {

using std::chrono::milliseconds;
using state = core::lease_machine::state;

/// Arms the one timer of a lease anew: for the watchdog's next look or the next renewal, whichever comes first.
void client::watch(const std::shared_ptr<tenure>& it) {
  note_loss(*it);
  if (it->over || it->lease.is() == state::lost) return;
  auto at = it->lease.look_at();
  if (const auto renewal = it->lease.renew_at(); renewal && !it->renewing) at = std::min(at, *renewal);
  const auto mark = ++it->timers;
  time_.at(at, [this, it, mark] {
    receive([=, this] {
      if (it->timers != mark || it->over) return;
      const auto now = time_.now();
      const auto is = it->lease.on_time(now);
      const auto renewal = it->lease.renew_at();
      if (is != state::lost && renewal && *renewal <= now && !it->renewing)
        renew(it);
      else
        watch(it);
    });
  });
  // Up to its deadline the belief must hold; a check at the very end finds what a check at each change does not.
  const auto record = it->record;
  const auto last = it->lease.deadline() - std::chrono::nanoseconds{1};
  if (last > time_.now() && std::exchange(it->checked_at, last) != last)
    time_.at(last, [this, record] { court_.check_believed(*record, store_.holder(record->resource)); });
}

void client::note_loss(tenure& it) {
  if (it.lease.is() != state::lost || it.record->lost) return;
  court_.tell([&] { return me() + " has lost " + name_of(it.what.owner); });
  if (time_.now() >= it.record->deadline) net_.count(fault::lease_lost);
  it.record->lost = true;
}

void client::renew(const std::shared_ptr<tenure>& it) {
  const auto sent = time_.now();
  if (it->lease.on_time(sent) == state::lost) {
    watch(it);
    return;
  }
  const auto ttl = it->refresh.value_or(it->lease.ttl());
  const bool refresh = std::exchange(it->refresh, std::nullopt).has_value();
  it->renewing = true;
  it->asked_for = ttl;
  it->last_sent = sent;
  it->longest_ttl = std::max(it->longest_ttl, ttl);
  it->lease.on_renewal_sent(sent, ttl);
  it->record->deadline = it->lease.deadline();
  court_.tell([&] {
    return me() + (refresh ? " refreshes " : " renews ") + name_of(it->what.owner) + " for " +
           std::to_string(ttl.count() / 1'000'000) + " ms";
  });
  const bool delayed = refresh && net_.strikes(fault::refresh_unknown);
  struct verdict {
    core::renew_verdict is = core::renew_verdict::unknown;
    bool owner_held = false;
  };
  net_.call<verdict>(
      keeper_, {.what = parcel::kind::renew, .owner = it->what.owner, .delayed = delayed},
      [this, it, ttl] {
        const auto is = store_.renew(plan_.number, {it->what.resource, it->what.owner, ttl, it->token + it->offset});
        return verdict{is, store_.holder(it->record->resource) == it->what.owner};
      },
      [this, it, sent, ttl](const verdict& answer, time_point) {
        receive([=, this] { on_renewal(it, answer.is, sent, ttl, answer.owner_held); });
      },
      [this, it, sent, ttl](no_answer) {
        receive([=, this] { on_renewal(it, core::renew_verdict::unknown, sent, ttl, false); });
      });
  watch(it);
}

void client::on_renewal(const std::shared_ptr<tenure>& it, core::renew_verdict verdict, time_point sent, duration ttl,
                        bool owner_held) {
  it->renewing = false;
  const auto now = time_.now();
  const auto before = it->lease.deadline();
  court_.tell([&] {
    return me() + " reads renewal of " + name_of(it->what.owner) + ": " + std::to_string(static_cast<int>(verdict));
  });
  switch (verdict) {
    case core::renew_verdict::renewed:
      it->lease.on_renewed(sent, ttl, now);
      break;
    case core::renew_verdict::unknown:
      it->lease.on_renewal_unknown(sent, ttl, now);
      break;
    case core::renew_verdict::lost:
      it->lease.on_refused();
      break;
  }
  if (it->over) return;
  if (it->lease.is() != state::lost) {
    if (verdict == core::renew_verdict::renewed)
      court_.renewed(*it->record, it->lease.deadline(), owner_held);
    else if (it->lease.deadline() > before)
      court_.fail("a renewal without an answer moved the deadline");
    it->record->deadline = it->lease.deadline();
  }
  slots_[it->record->resource]->gate.on_refreshed(it->lease.counted());
  if (it->refresh)
    renew(it);
  else
    watch(it);
}

void client::release(slot& where) {
  const auto it = std::exchange(where.lease, nullptr);
  it->over = true;
  court_.turn_over(*it->record);
  court_.tell([&] { return me() + " releases " + name_of(it->what.owner); });
  const auto until = it->last_sent + it->longest_ttl + net_.how().command_timeout;
  net_.call<core::release_answer>(
      main_, {},
      [this, it] {
        return store_.release(plan_.number, {it->what.resource, it->what.owner, {}, it->token + it->offset});
      },
      [this, &where](const core::release_answer&, time_point) {
        receive([=, this, &where] {
          where.gate.on_released();
          wake(where);
        });
      },
      [this, &where, it, until](no_answer) {
        receive([=, this, &where] {
          keep_releasing(it->what, it->token + it->offset, until);
          where.gate.on_released();
          wake(where);
        });
      });
}

// --- the keeper's left-overs -------------------------------------------------------------------------------------

void client::keep_withdrawing(const core::request& what, time_point until) {
  ++keeping_;
  later(milliseconds{50}, [this, what, until] {
    const auto ended = [this, what, until](bool clean) {
      --keeping_;
      if (!clean && time_.now() < until) keep_withdrawing(what, until);
    };
    net_.call<core::withdraw_answer>(
        keeper_, {},
        [this, what] {
          return store_.withdraw(plan_.number, {what.resource, what.owner});
        },
        [this, ended](const core::withdraw_answer& answer, time_point) {
          const bool unsure = net_.strikes(fault::unsure_withdraw) || !answer.conclusive;
          receive([=] { ended(answer.done && !unsure); });
        },
        [this, ended](no_answer) { receive([=] { ended(false); }); });
  });
}

void client::keep_releasing(const core::request& what, std::uint64_t token, time_point until) {
  ++keeping_;
  later(milliseconds{50}, [this, what, token, until] {
    const auto ended = [this, what, token, until](bool clean) {
      --keeping_;
      if (!clean && time_.now() < until) keep_releasing(what, token, until);
    };
    net_.call<core::release_answer>(
        keeper_, {},
        [this, what, token] {
          return store_.release(plan_.number, {what.resource, what.owner, {}, token});
        },
        [this, ended](const core::release_answer&, time_point) { receive([=] { ended(true); }); },
        [this, ended](no_answer) { receive([=] { ended(false); }); });
  });
}

}  // namespace holdfast::sim
