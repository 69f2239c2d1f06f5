#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/clock.hpp"
#include "holdfast/fencing_token.hpp"

namespace holdfast {

/// Who holds a lease or waits for one, as far as the store knows: what its client said of itself.
struct party {
  std::string owner;     ///< The owner id, 32 hex digits; another client's value for a foreign holder.
  std::string host;      ///< Empty when unknown, like the rest.
  std::int64_t pid = 0;  ///< 0 when unknown.
  std::string user;
  std::string command;
  std::string note;  ///< From lock_options.
};

struct holder_view {
  party who;
  fencing_token token;
  duration held_for{};    ///< Since the grant.
  duration expires_in{};  ///< Until the store frees it, if nobody renews it. Not negative.
  bool claimed = true;    ///< False while a hand-off awaits its claim.
};

struct waiter_view {
  party who;
  duration waiting_for{};
  bool alive = true;  ///< False when it will be skipped: its heartbeat is stale, or its process is gone.
};

/// One resource as the store saw it at one instant.
struct resource_view {
  std::string name;
  std::vector<holder_view> holders;  ///< At most one for a mutex.
  std::vector<waiter_view> waiters;  ///< In the order in which they will be served.
};

/// One page of a listing. `next` is empty on the last page, else the cursor of the page that follows.
struct resource_page {
  std::vector<resource_view> resources;
  std::string next;
};

}  // namespace holdfast
