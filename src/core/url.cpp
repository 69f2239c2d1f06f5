#include "core/url.hpp"

#include <charconv>

#include "core/shown_url.hpp"
#include "holdfast/status.hpp"

namespace holdfast::core {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& c : result) c = lower(c);
  return result;
}

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Whether a query parameter of that name is a secret. Names are compared decoded, as far as they can be.
bool secret(std::string_view raw_name) {
  std::string name;
  for (std::size_t i = 0; i < raw_name.size(); ++i) {
    if (raw_name[i] == '%' && i + 2 < raw_name.size() && digit_value(raw_name[i + 1]) >= 0 &&
        digit_value(raw_name[i + 2]) >= 0) {
      name.push_back(static_cast<char>(digit_value(raw_name[i + 1]) * 16 + digit_value(raw_name[i + 2])));
      i += 2;
    } else {
      name.push_back(raw_name[i]);
    }
  }
  name = lower(name);
  return name.find("pass") != name.npos || name.find("pwd") != name.npos || name.find("secret") != name.npos;
}

/// The query (after its `?`) with the values of secret parameters hidden.
std::string shown_query(std::string_view query) {
  std::string result;
  while (true) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    const auto equals = pair.find('=');
    if (equals != pair.npos && equals + 1 < pair.size() && secret(pair.substr(0, equals)))
      result.append(pair.substr(0, equals + 1)).append("***");
    else
      result.append(pair);
    if (end == query.npos) return result;
    result.push_back('&');
    query.remove_prefix(end + 1);
  }
}

/// Whether an option tells of the server's place: `mysql://me@/db?socket=/run/mysqld.sock`.
bool names_a_host(std::string_view query) {
  for (const std::string_view name : {"host=", "hostaddr=", "socket="}) {
    const auto at = query.find(name);
    if (at != query.npos && (at == 0 || query[at - 1] == '&')) return true;
  }
  return false;
}

/// Takes one text apart. Every complaint goes through `fail`, which never says more than `shown_blindly`.
class parser {
 public:
  explicit parser(std::string_view text) : text_{text} {}

  url run() {
    check_characters();
    auto rest = scheme();
    std::string_view query;
    const auto question = rest.find('?');
    const bool asks = question != rest.npos;
    if (asks) {
      query = rest.substr(question + 1);
      rest = rest.substr(0, question);
    }
    url_.shown.append(text_.substr(0, text_.find(':') + 1));
    if (rest.starts_with("//")) {
      url_.has_authority = true;
      url_.shown.append("//");
      rest.remove_prefix(2);
      const auto slash = std::min(rest.find('/'), rest.size());
      host_is_option_ = asks && names_a_host(query);
      authority(rest.substr(0, slash));
      rest.remove_prefix(slash);
    }
    path(rest);
    if (asks) parse_query(query);
    return std::move(url_);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    std::string message = "malformed store URL '" + shown_blindly(text_) + "': ";
    message.append(what);
    throw error{status{errc::invalid_argument, message}};
  }

  void check_characters() const {
    if (text_.empty())
      throw error{status{errc::invalid_argument, "the store URL is empty; try sqlite:/path/to/locks.db"}};
    for (const char c : text_)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
        fail("it holds a control character; percent-encode it (a newline is %0A)");
  }

  std::string_view scheme() {
    const auto end = scheme_length(text_);
    if (end == text_.npos) fail("it has no scheme; it should start like sqlite:/path or redis://host");
    url_.scheme = lower(text_.substr(0, end));
    return text_.substr(end + 1);
  }

  std::string decode(std::string_view raw, std::string_view part) const {
    std::string plain;
    plain.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '%') {
        plain.push_back(raw[i]);
        continue;
      }
      const int high = i + 2 < raw.size() ? digit_value(raw[i + 1]) : -1;
      const int low = i + 2 < raw.size() ? digit_value(raw[i + 2]) : -1;
      if (high < 0 || low < 0)
        fail("a % in the " + std::string{part} + " is not followed by two hex digits; write a plain % as %25");
      if (high == 0 && low == 0) fail("%00 in the " + std::string{part} + ": a zero byte can't be used there");
      plain.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
    return plain;
  }

  /// Where in the text `part` ends.
  [[nodiscard]] std::size_t end_of(std::string_view part) const {
    return static_cast<std::size_t>(part.data() + part.size() - text_.data());
  }

  void authority(std::string_view raw) {
    const auto at = raw.rfind('@');
    if (raw.find(':') != raw.npos && text_.rfind('@') != text_.npos && text_.rfind('@') >= end_of(raw)) {
      // `redis://user:12/34@host`: half a password would be taken for a port, the rest be shown.
      fail(
          "an @ stands behind its first / or ?; in a password write / as %2F, ? as %3F, and an @ in a path or option "
          "as %40");
    }
    if (at != raw.npos) {
      const auto who = raw.substr(0, at);
      const auto colon = who.find(':');
      url_.user = decode(who.substr(0, colon), "user name");
      url_.shown.append(who.substr(0, colon));
      if (colon != who.npos) {
        url_.password = decode(who.substr(colon + 1), "password");
        url_.shown.append(colon + 1 < who.size() ? ":***" : ":");
      }
      url_.shown.append("@");
      raw.remove_prefix(at + 1);
    }
    url_.shown.append(raw);
    if (raw.empty()) {
      if (at != raw.npos && !host_is_option_) fail("there is no host after the @");
      return;
    }
    while (true) {
      const auto comma = raw.find(',');
      host(raw.substr(0, comma));
      if (comma == raw.npos) return;
      raw.remove_prefix(comma + 1);
    }
  }

  void host(std::string_view raw) {
    url::host_port made;
    if (raw.starts_with('[')) {
      const auto end = raw.find(']');
      if (end == raw.npos) fail("a [ of an IPv6 address is not closed");
      made.host = raw.substr(1, end - 1);
      if (made.host.find_first_not_of("0123456789abcdefABCDEF:.%") != std::string::npos || made.host.empty())
        fail("what stands in [ ] is not an IPv6 address");
      raw.remove_prefix(end + 1);
      if (!raw.empty() && raw[0] != ':') fail("after the ] of an IPv6 address only :port may follow");
      if (!raw.empty()) made.port = port(raw.substr(1));
    } else {
      const auto colon = raw.find(':');
      made.host = decode(raw.substr(0, colon), "host");
      if (made.host.empty()) fail("a host is missing");
      if (made.host.find(' ') != std::string::npos) fail("a host has a space in it");
      if (colon != raw.npos) made.port = port(raw.substr(colon + 1));
    }
    url_.hosts.push_back(std::move(made));
  }

  std::string port(std::string_view raw) const {
    unsigned value = 0;
    const auto* const last = raw.data() + raw.size();
    const auto [stop, bad] = std::from_chars(raw.data(), last, value);
    if (bad != std::errc{} || stop != last || value == 0 || value > 65535)
      fail("a port is not a number from 1 to 65535 (an IPv6 address belongs in [ ])");
    return std::to_string(value);
  }

  void path(std::string_view raw) {
    url_.path = decode(raw, "path");
    if (!url_.has_authority && !names_a_path(url_.scheme) && text_.find('@') != text_.npos)
      fail("// is missing after its scheme (an @ in a path is written as %40)");
    // `redis:///:password@host`, one slash too many: only a socket's path has an @ in it.
    if (url_.has_authority && url_.hosts.empty() && url_.user.empty() && !names_a_path(url_.scheme) &&
        url_.scheme != "unix" && text_.find('@') != text_.npos)
      fail("there is no host between its // and the next / (an @ in a path is written as %40)");
    url_.shown.append(raw);
  }

  void parse_query(std::string_view raw) {
    url_.shown.append("?").append(shown_query(raw));
    while (!raw.empty()) {
      const auto end = raw.find('&');
      const auto pair = raw.substr(0, end);
      raw.remove_prefix(end == raw.npos ? raw.size() : end + 1);
      if (pair.empty()) continue;
      const auto equals = pair.find('=');
      auto name = decode(pair.substr(0, equals), "query");
      if (name.empty()) fail("an option after the ? has no name");
      url_.query.emplace_back(std::move(name),
                              equals == pair.npos ? std::string{} : decode(pair.substr(equals + 1), "query"));
    }
  }

  std::string_view text_;
  bool host_is_option_ = false;
  url url_;
};

}  // namespace

url url::parse(std::string_view text) { return parser{text}.run(); }

std::optional<std::string> url::option(std::string_view name) const {
  for (auto pair = query.rbegin(); pair != query.rend(); ++pair)
    if (pair->first == name) return pair->second;
  return std::nullopt;
}

}  // namespace holdfast::core
