#include "who_text.hpp"

#include "escape.hpp"

namespace holdfast::cli {

bool is_foreign(const party& who) { return who.user.empty() && who.host.empty() && who.pid == 0; }

std::string who_text(const party& who) {
  if (is_foreign(who)) return "another program";
  std::string out = who.user.empty() ? "?" : escape(who.user);
  out += "@" + (who.host.empty() ? "?" : escape(who.host));
  if (who.pid != 0) out += " pid " + std::to_string(who.pid);
  return out;
}

}  // namespace holdfast::cli
