#include "store/etcd/errors.hpp"

#include <initializer_list>
#include <string_view>

namespace holdfast::etcd {
namespace {

// gRPC's codes, which are the same everywhere.
constexpr int cancelled = 1;
constexpr int unknown_code = 2;
constexpr int invalid_argument = 3;
constexpr int deadline_exceeded = 4;
constexpr int not_found = 5;
constexpr int permission_denied = 7;
constexpr int resource_exhausted = 8;
constexpr int failed_precondition = 9;
constexpr int out_of_range = 11;
constexpr int unimplemented = 12;
constexpr int internal = 13;
constexpr int unavailable = 14;
constexpr int unauthenticated = 16;

bool says(const rpc_error& what, std::initializer_list<std::string_view> words) {
  for (const auto word : words)
    if (what.message.find(word) != std::string::npos) return true;
  return false;
}

bool about_tls(const rpc_error& what) {
  return says(what, {"handshake", "Handshake", "certificate", "SSL_ERROR", "WRONG_VERSION_NUMBER", "Peer name"});
}

/// Something takes connections there and then says nothing: a member that starts, or is stopped.
bool silent(const rpc_error& what) { return says(what, {"timed out", "handshaker shutdown", "Handshake read failed"}); }

/// By TLS 1.3 a server's refusal of the client's certificate comes after the handshake, in place of the first answer.
/// gRPC keeps back what it says: but a connection that was just cut is told of in other words.
bool client_refused(const rpc_error& what) { return says(what, {"Endpoint read failed"}); }

/// It was taken and closed at once: so do TLS's ports with who speaks plain text, and the other way round.
bool closed_at_once(const rpc_error& what) { return says(what, {"Socket closed", "reset by peer"}); }

bool from_etcd(const rpc_error& what) { return says(what, {"etcdserver:"}); }

/// Something answers there, but in another language.
bool not_etcd(const rpc_error& what) {
  return what.code == unimplemented || says(what, {"http1.x server", "HTTP status", "http2 header with status",
                                                   "Failed parsing HTTP/2", "content-type"});
}

}  // namespace

rpc_error no_answer_in_time() { return {.code = deadline_exceeded, .message = "Deadline Exceeded", .endpoint = {}}; }

rpc_error answered_out_of_turn() {
  return {.code = unavailable, .message = "a keep-alive was answered that was not asked for", .endpoint = {}};
}

bool surely_not_sent(const rpc_error& what) {
  return what.code == unavailable &&
         says(what, {"failed to connect", "Failed to connect", "DNS resolution", "no known host"});
}

bool worth_another_member(const rpc_error& what) {
  switch (what.code) {
    case unavailable:
    case deadline_exceeded:
    case cancelled:
      return true;
    case internal:
    case unknown_code:  // A connection that broke in the middle of an answer; a member that stops.
      return !from_etcd(what) || says(what, {"server stopped"});
    case unimplemented:
      return !from_etcd(what);
    default:
      return false;
  }
}

bool needs_login(const rpc_error& what) {
  return what.code == unauthenticated ||
         says(what, {"invalid auth token", "revision of auth store is old", "user name is empty"});
}

bool has_no_users(const rpc_error& what) { return says(what, {"authentication is not enabled"}); }

failure place_lost() {
  return failure{{errc::not_held,
                  "the place in the line is lost: somebody revoked its lease or deleted its key, or this client was "
                  "paused or cut off from etcd for longer than its ttl; ask again"}};
}

failure explain(const rpc_error& what, const std::string& shown) {
  const auto told = [&](const std::string& meaning) {
    return shown + ": " + meaning + " (" + what.endpoint + ": " + what.message + ")";
  };
  if (what.code == not_found && says(what, {"lease not found"}))
    return failure{{errc::not_held, told("the lease is not there any more")}, false, failure::kind::lease_gone};
  if (what.code == out_of_range && says(what, {"compacted"}))
    return failure{{errc::unavailable, told("that revision was compacted")}, false, failure::kind::compacted};
  if (needs_login(what) || says(what, {"authentication failed", "user name not found"}))
    return failure{
        {errc::not_authorised, told("etcd refuses the user or the password; give them as etcd://USER:PASSWORD@HOST")}};
  if (what.code == permission_denied)
    return failure{
        {errc::not_authorised,
         told(
             "the user lacks a right; it needs readwrite on the prefix of the locks' names, and `ls` a prefix within")},
        false,
        failure::kind::no_right};
  if (not_etcd(what))
    return failure{{errc::misconfigured, told("what answers there is not etcd (version 3, its client port)")}};
  if (surely_not_sent(what) && silent(what))
    return failure{{errc::unavailable, told("no answer from etcd in time, not even to the connection")}};
  if (surely_not_sent(what) && client_refused(what))
    return failure{{errc::misconfigured, told("the server refuses this client's certificate, or wants one; give it as "
                                              "etcds://HOST?ca=FILE&cert=FILE&key=FILE")}};
  if (surely_not_sent(what) && about_tls(what))
    return failure{{errc::misconfigured,
                    told("no TLS connection; etcds: wants a TLS port and ?ca=FILE that signed its certificate")}};
  if (surely_not_sent(what) && closed_at_once(what))
    return failure{{errc::unavailable,
                    told("etcd can't be reached: the connection was closed at once; etcds: is for ports with TLS and, "
                         "where they ask for one, the client's certificate, etcd: for those without")}};
  if (surely_not_sent(what)) return failure{{errc::unavailable, told("etcd can't be reached")}};
  switch (what.code) {
    case unavailable:
      return failure{{errc::unavailable, told("etcd does not serve now")}, true};
    case deadline_exceeded:
    case cancelled:
      return failure{{errc::unavailable, told("no answer from etcd in time")}, true};
    case resource_exhausted:
      return failure{{errc::unavailable, told("etcd has no room, or too much to do; look for its NOSPACE alarm")}};
    case failed_precondition:
    case invalid_argument:
      return failure{{errc::misconfigured, told("etcd refuses the request")}};
    default:
      return failure{{errc::unavailable, told("etcd failed")}, true};
  }
}

}  // namespace holdfast::etcd
