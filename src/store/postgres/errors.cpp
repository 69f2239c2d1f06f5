#include "store/postgres/errors.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::postgres {
namespace {

using remedy = failure::remedy;

/// A SQLSTATE, or the class (its first two letters) that it is of; what it means, and what else to tell.
struct meaning {
  std::string_view state;
  errc code;
  remedy mend;
  std::string_view advice;
};

// The first that fits counts.
constexpr std::array meanings{
    meaning{"40P01", errc::unavailable, remedy::again, ""},
    meaning{"40001", errc::unavailable, remedy::again, ""},
    meaning{"55P03", errc::unavailable, remedy::none, "; somebody keeps the row locked: look for an open transaction"},
    meaning{"57014", errc::unavailable, remedy::none, ""},
    meaning{"42P01", errc::misconfigured, remedy::make_tables, ""},
    meaning{"42883", errc::misconfigured, remedy::make_tables, ""},
    meaning{"3F000", errc::misconfigured, remedy::none, "; create that schema, or set another by table=SCHEMA.NAME"},
    meaning{"3D000", errc::misconfigured, remedy::none, "; create that database, or name another in the URL"},
    meaning{"42501", errc::not_authorised, remedy::none,
            "; let an owner of the database apply what `holdfast schema` prints, and grant the rights that it names"},
    meaning{"28", errc::not_authorised, remedy::none, ""},
    meaning{
        "25006", errc::unavailable, remedy::reconnect,
        "; a replica takes no writes (name all servers in the URL, so that the primary is found), nor does a user or "
        "database with default_transaction_read_only"},
    meaning{"HF001", errc::internal, remedy::none, ""},
    meaning{"HF002", errc::misconfigured, remedy::none, ""},
    meaning{"57P", errc::unavailable, remedy::reconnect, ""},
    meaning{"08", errc::unavailable, remedy::reconnect, ""},
    meaning{"53", errc::unavailable, remedy::none, ""},
    meaning{"58", errc::unavailable, remedy::none, ""},
    meaning{"XX", errc::unavailable, remedy::none, ""},
    meaning{"22023", errc::misconfigured, remedy::none, ""},
    meaning{"42704", errc::misconfigured, remedy::none, ""},
    meaning{"42", errc::misconfigured, remedy::none,
            "; is the table another program's, or of another version of holdfast?"},
};

const meaning* find(std::string_view state) {
  const auto* const found = std::find_if(meanings.begin(), meanings.end(),
                                         [&](const meaning& each) { return state.starts_with(each.state); });
  return found == meanings.end() ? nullptr : found;
}

bool is_state(std::string_view text) {
  return text.size() == 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

/// The SQLSTATE in `FATAL:  28P01: ...`, taken out of the message; empty if there is none.
std::string take_state(std::string& message) {
  for (auto at = message.find(":  "); at != std::string::npos; at = message.find(":  ", at + 1)) {
    if (at + 10 > message.size() || message.compare(at + 8, 2, ": ") != 0) continue;
    auto state = message.substr(at + 3, 5);
    if (!is_state(state)) continue;
    message.erase(at + 2, 8);
    return state;
  }
  return {};
}

/// What libpq says of a parameter, before it looks for a server or, of a few, once it has one.
struct complaint {
  std::string_view begins;
  std::string_view has;
  errc code;
};

constexpr std::array complaints{
    complaint{"invalid ", "connection option", errc::invalid_argument},
    complaint{"invalid ", " value: ", errc::invalid_argument},
    complaint{"invalid port number", "", errc::invalid_argument},
    complaint{"could not match ", " to ", errc::invalid_argument},
    complaint{"definition of service ", " not found", errc::misconfigured},
    complaint{"service file ", " not found", errc::misconfigured},
};

/// What libpq says of TLS that can't be had so, in its own words, without a SQLSTATE.
bool about_tls(std::string_view message) {
  constexpr std::array<std::string_view, 4> words{"certificate", "does not match host name", "does not support SSL",
                                                  "private key file"};
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view each) { return message.find(each) != std::string_view::npos; });
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string made;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with("LOCATION:")) continue;
    if (!made.empty()) made.append("; ");
    made.append(line.substr(std::min(line.find_first_not_of("\t "), line.size())));
  }
  return made;
}

failure explain(std::string_view state, const std::string& text, const std::string& shown) {
  const auto* const known = find(state);
  const auto message = shown + ": " + one_line(text);
  if (known == nullptr) return failure{{errc::internal, message + " (SQLSTATE " + std::string{state} + ")"}};
  // What ends a session may come after the commit.
  const bool session_ended = known->mend == remedy::reconnect && known->state != "25006";
  return failure{{known->code, message + std::string{known->advice}}, known->mend, session_ended};
}

std::optional<failure> explain_parameter(std::string_view message, const std::string& shown) {
  constexpr std::string_view late = " failed: ";
  const auto said = message.substr(message.find(late) == message.npos ? 0 : message.find(late) + late.size());
  for (const auto& [begins, has, code] : complaints)
    if (said.starts_with(begins) && said.find(has) != said.npos)
      return failure{{code, shown + ": " + one_line(message)}, remedy::reconnect};
  return std::nullopt;
}

failure no_password(const std::string& shown) {
  return failure{
      {errc::not_authorised, shown + ": can't connect: the server asks for a password; give it in the URL, in"
                                     " $PGPASSWORD or in ~/.pgpass"},
      remedy::reconnect};
}

failure explain_connect(std::string message, const std::string& shown) {
  const auto state = take_state(message);
  const auto* const known = state.empty() ? nullptr : find(state);
  const auto text = shown + ": can't connect: " + one_line(message);
  if (known == nullptr && about_tls(text))
    return failure{
        {errc::misconfigured, text + "; for TLS sslrootcert=FILE names the authority of the server's certificate,"
                                     " sslcert= and sslkey= the client's own, sslmode= what is asked of both"},
        remedy::reconnect};
  if (known == nullptr) return failure{{errc::unavailable, text}, remedy::reconnect};
  const bool crowded = state == "53300";
  return failure{{known->code, text + std::string{known->advice}}, crowded ? remedy::use_another : remedy::reconnect};
}

failure lost_answer(const std::string& message, const std::string& shown) {
  return failure{{errc::unavailable, shown + ": " + one_line(message)}, remedy::reconnect, true};
}

}  // namespace holdfast::postgres
