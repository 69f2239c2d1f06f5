#pragma once

#include "store/redis/channel.hpp"

/// The scripts of scripts/*.lua, one for each verb. What their arguments and replies are is said at the head of each,
/// and put into words by protocol.hpp.
namespace holdfast::redis {

extern const script acquire_script;
extern const script claim_script;
extern const script renew_script;
extern const script heartbeat_script;
extern const script release_script;
extern const script withdraw_script;
extern const script inspect_script;
extern const script break_script;

}  // namespace holdfast::redis
