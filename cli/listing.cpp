#include "listing.hpp"

#include <string>

#include "escape.hpp"
#include "json_output.hpp"
#include "listing_text.hpp"
#include "log.hpp"
#include "with_client.hpp"

namespace holdfast::cli {
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
