#pragma once

#include <exception>
#include <string>
#include <utility>

#include "holdfast/status.hpp"

namespace holdfast::etcd {

/// Ends a verb from within. Caught where the store's verbs begin.
class failure : public std::exception {
 public:
  enum class kind : std::uint8_t { other, lease_gone, compacted, no_right };

  explicit failure(status reason, bool maybe_done = false, kind what = kind::other)
      : why{std::move(reason)}, unknown{maybe_done}, is{what} {}
  [[nodiscard]] const char* what() const noexcept override { return "holdfast::etcd::failure"; }

  status why;
  bool unknown = false;  ///< It may have been carried out all the same.
  kind is = kind::other;
};

/// How a call over gRPC failed.
struct rpc_error {
  int code = 0;  ///< gRPC's.
  std::string message;
  std::string endpoint;
};

/// Of what was asked on a stream: nobody answered by the asker's limit, or something else than what was asked.
rpc_error no_answer_in_time();
rpc_error answered_out_of_turn();

/// What it means for the one who called. `shown` is the store's URL.
failure explain(const rpc_error& what, const std::string& shown);

/// For who waits and whose lease is gone: as by etcd's own recipe.
failure place_lost();

/// Whether another member, or this one a little later, may do better.
bool worth_another_member(const rpc_error& what);
/// Whether nothing of the call can have reached a member.
bool surely_not_sent(const rpc_error& what);
/// Whether the login's token is not good any more.
bool needs_login(const rpc_error& what);
/// Whether the server knows no users.
bool has_no_users(const rpc_error& what);

}  // namespace holdfast::etcd
