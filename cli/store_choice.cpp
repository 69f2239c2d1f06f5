#include "store_choice.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "holdfast/status.hpp"

namespace holdfast::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

std::string home() {
  if (std::string value = variable("HOME"); !value.empty()) return value;
  const passwd* entry = ::getpwuid(::geteuid());
  if (entry != nullptr && entry->pw_dir != nullptr && *entry->pw_dir != '\0') return entry->pw_dir;
  throw error{status{errc::misconfigured, "no store: neither $HOME nor $XDG_STATE_HOME is set; say which by -s URL"}};
}

void make_folders(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) return;
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST && (errno != EROFS || ::stat(part.c_str(), &found) != 0)) {
      const errc why = errno == EACCES ? errc::not_authorised : errc::misconfigured;
      throw error{status{why, "can't make the folder " + part + " for the default store: " + std::strerror(errno) +
                                  "; say which store by -s URL"}};
    }
    if (slash == std::string::npos) return;
  }
}

}  // namespace

std::string sqlite_url(const std::string& path) {
  std::string out = "sqlite:";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '%' || c == '?' || c == '#') {
      char text[4];
      std::snprintf(text, sizeof text, "%%%02X", byte);
      out += text;
    } else {
      out += c;
    }
  }
  return out;
}

std::string choose_store(const std::string& given) {
  if (!given.empty()) return given;
  if (std::string value = variable("HOLDFAST_STORE"); !value.empty()) return value;
  std::string state = variable("XDG_STATE_HOME");
  if (state.empty() || state.front() != '/') state = home() + "/.local/state";  // a relative one is to be ignored
  const std::string folder = state + "/holdfast";
  make_folders(folder);
  return sqlite_url(folder + "/locks.db");
}

}  // namespace holdfast::cli
