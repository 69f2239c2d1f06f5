#include "store/redis/errors.hpp"

#include <netdb.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace holdfast::redis {

namespace {

std::string text_of(int error) { return std::generic_category().message(error); }

struct known_error {
  std::string_view code;  ///< The reply's first word.
  errc means;
  std::string_view says;
};

// What is worth another try is `unavailable`.
constexpr std::array known_errors{
    known_error{"WRONGPASS", errc::not_authorised, "the server refuses the user name or the password"},
    known_error{"NOAUTH", errc::not_authorised,
                "the server wants a password: give it in the URL, as redis://user:password@host or "
                "redis://:password@host"},
    known_error{"NOPERM", errc::not_authorised, "the ACL user lacks a right that locks need"},
    known_error{"DENIED", errc::not_authorised,
                "the server is in protected mode and takes local clients only: set a password on it, or bind it "
                "otherwise"},
    known_error{"WRONGTYPE", errc::wrong_kind, "the key holds something else than a lock"},
    known_error{"MISCONF", errc::unavailable,
                "the server takes no writes, for it can't save them to its disk: look at its log and its disk"},
    known_error{"OOM", errc::unavailable, "the server is out of memory: raise its maxmemory, or free some"},
    known_error{"READONLY", errc::misconfigured, "this is a read-only replica: give the URL of the primary"},
    known_error{"LOADING", errc::unavailable, "the server is still loading its data: try again soon"},
    known_error{"BUSY", errc::unavailable, "the server is busy with a script that does not end: see SCRIPT KILL"},
    known_error{"NOREPLICAS", errc::unavailable,
                "the server takes no writes, for it has too few replicas (min-replicas-to-write)"},
    known_error{"MASTERDOWN", errc::unavailable,
                "this is a replica that has lost its primary: give the URL of the primary"},
    known_error{"CLUSTERDOWN", errc::misconfigured, "this is a node of a Redis Cluster, which is not supported"},
    known_error{"MOVED", errc::misconfigured, "this is a node of a Redis Cluster, which is not supported"},
    known_error{"ASK", errc::misconfigured, "this is a node of a Redis Cluster, which is not supported"},
    known_error{"CROSSSLOT", errc::misconfigured, "this is a node of a Redis Cluster, which is not supported"},
    known_error{"NOPROTO", errc::misconfigured, "the server does not speak the protocol's version 2"},
};

// Errors without a code of their own: by a part of their text.
constexpr std::array known_texts{
    known_error{"max number of clients reached", errc::unavailable,
                "the server has as many clients as it takes (maxclients): try again soon, or raise it"},
    known_error{"max number of clients + cluster", errc::unavailable,
                "the server has as many clients as it takes (maxclients): try again soon, or raise it"},
    known_error{"DB index is out of range", errc::misconfigured,
                "the server has no database of that number (see its setting `databases`)"},
    known_error{"invalid DB index", errc::misconfigured, "the server has no database of that number"},
    known_error{"SELECT is not allowed in cluster mode", errc::misconfigured,
                "this is a node of a Redis Cluster, which is not supported"},
    known_error{"AUTH <password> called without any password configured", errc::not_authorised,
                "the URL has a password, but the server has none set for its default user"},
    known_error{"Client sent AUTH, but no password is set", errc::not_authorised,
                "the URL has a password, but the server has none set"},
    known_error{"invalid password", errc::not_authorised, "the server refuses the password"},
    known_error{"The user executing the script can't", errc::not_authorised,
                "the ACL user lacks a right that locks need"},
    known_error{"unknown command", errc::misconfigured,
                "the server does not know a command that locks need: it is no Redis 6.2 or newer, or the command was "
                "renamed"},
};

/// A code within the text: older servers wrap a script's errors (`ERR Error running script ...: -OOM command ...`).
bool mentions(std::string_view text, std::string_view code) {
  if (text.starts_with(code)) return text.size() == code.size() || text[code.size()] == ' ';
  if (!text.starts_with("ERR ")) return false;
  const std::string within = "-" + std::string{code} + " ";
  return text.find(within) != text.npos;
}

std::string printable(std::string_view text) {
  constexpr std::size_t most = 300;
  std::string result{text.substr(0, most)};
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  if (text.size() > most) result.append("...");
  return result;
}

}  // namespace

status explain_reply(std::string_view text, const std::string& shown) {
  // A server that does not know a command repeats its words, and AUTH's are the password.
  text = text.substr(0, text.find(", with args beginning with"));
  const auto told = [&](const known_error& what) {
    return status{what.means, shown + ": " + std::string{what.says} + " (" + printable(text) + ")"};
  };
  for (const auto& each : known_errors)
    if (mentions(text, each.code)) return told(each);
  for (const auto& each : known_texts)
    if (text.find(each.code) != text.npos) return told(each);
  return {errc::internal, shown + ": the server answered: " + printable(text)};
}

status explain_connect(int error, const std::string& address, const std::string& shown) {
  const std::string where = shown + ": can't connect to " + address + ": ";
  switch (error) {
    case ECONNREFUSED:
      return {errc::unavailable, where + "nobody listens there; is the server running, and is this its port?"};
    case ENOENT:
      return {errc::unavailable, where + "there is no such socket; is the server running, and is this its path?"};
    case ETIMEDOUT:
    case EAGAIN:
      return {errc::unavailable, where + "no answer in time"};
    case EACCES:
    case EPERM:
      return {errc::not_authorised, where + text_of(error)};
    case ENOTSOCK:
    case EPROTOTYPE:
    case ENOTDIR:
      return {errc::misconfigured, where + text_of(error)};
    default:
      return {errc::unavailable, where + text_of(error)};
  }
}

status explain_resolve(int code, int error, const std::string& host, const std::string& shown) {
  const std::string why = code == EAI_SYSTEM ? text_of(error) : ::gai_strerror(code);
  return {errc::unavailable, shown + ": the host '" + printable(host) + "' can't be found: " + why};
}

status explain_broken(int error, const std::string& shown) {
  return {errc::unavailable,
          shown + (error == 0 ? ": the server closed the connection" : ": the connection broke: " + text_of(error))};
}

status explain_garbage(std::string_view first, const std::string& fault, const std::string& shown) {
  // An alert record of TLS; a server's HTTP.
  if (first.size() >= 2 && first[0] == '\x15' && first[1] == '\x03')
    return {errc::misconfigured, shown + ": the server speaks TLS on this port: the scheme is then rediss://"};
  if (first.starts_with("HTTP/"))
    return {errc::misconfigured, shown + ": this is a web server, not Redis: is this the right port?"};
  return {errc::misconfigured,
          shown + ": what answers is not a Redis server: is this the right port? (" + printable(fault) + ")"};
}

}  // namespace holdfast::redis
