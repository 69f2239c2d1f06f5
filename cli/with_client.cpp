#include "with_client.hpp"

#include <cstdio>

#include "log.hpp"
#include "store_choice.hpp"

namespace holdfast::cli {

int print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) say("can't write to standard output");
  return written ? exit_ok : exit_internal;
}

int fail(const status& why) {
  say(why.message());
  return exit_code_of(why);
}

int with_client(const std::string& store, const std::function<int(client&)>& what) {
  try {
    client from{choose_store(store)};
    return what(from);
  } catch (const error& failed) {
    say(failed.what());
    return exit_code_of(status{static_cast<errc>(failed.code().value())});
  }
}

}  // namespace holdfast::cli
