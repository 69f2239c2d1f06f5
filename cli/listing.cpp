#include "listing.hpp"

#include <cstdio>
#include <functional>
#include <string>

#include "escape.hpp"
#include "holdfast/client.hpp"
#include "json_output.hpp"
#include "listing_text.hpp"
#include "log.hpp"
#include "store_choice.hpp"

namespace holdfast::cli {
namespace {

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

}  // namespace

int list(const ls_options& options) {
  return with_client(options.store, [&options](client& from) {
    std::vector<resource_view> all;
    std::string cursor;
    do {
      resource_page page;
      if (const status read = from.list(options.prefix, cursor, page); !read.ok()) return fail(read);
      for (resource_view& view : page.resources) all.push_back(std::move(view));
      cursor = page.next;
    } while (!cursor.empty());
    return print(options.json ? to_json(all, from.store()) : to_table(all));
  });
}

int show(const show_options& options) {
  return with_client(options.store, [&options](client& from) {
    resource_view view;
    if (const status read = from.inspect(options.name, view); !read.ok()) return fail(read);
    view.name = options.name;
    return print(options.json ? to_json(view) : to_text(view));
  });
}

int break_lease(const break_options& options) {
  return with_client(options.store, [&options](client& from) {
    const status broken = options.token ? from.break_lease(options.name, fencing_token{*options.token})
                                        : from.break_owner(options.name, options.owner);
    if (broken == errc::not_held) {
      say("`" + escape(options.name) + "` is not held with " +
          (options.token ? "token " + std::to_string(*options.token) : "owner " + escape(options.owner)) + " in " +
          from.store());
      return static_cast<int>(exit_not_held);
    }
    return broken.ok() ? static_cast<int>(exit_ok) : fail(broken);
  });
}

}  // namespace holdfast::cli
