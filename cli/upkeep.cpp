#include "upkeep.hpp"

#include <string>

#include "with_client.hpp"

namespace holdfast::cli {

int print_schema(const schema_options& options) {
  return with_client(options.store, [](client& of) {
    std::string text;
    if (const status got = of.schema(text); !got.ok()) return fail(got);
    return print(text);
  });
}

int clean_up(const gc_options& options) {
  return with_client(options.store, [](client& in) {
    std::uint64_t forgotten = 0;
    if (const status done = in.clean_up(forgotten); !done.ok()) return fail(done);
    return print(std::to_string(forgotten) + (forgotten == 1 ? " name" : " names") + " forgotten\n");
  });
}

}  // namespace holdfast::cli
