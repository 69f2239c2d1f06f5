#include "store/sqlite/clean_up.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::sqlite {

std::uint64_t clean_up::floor() {
  query ask{where_, floor_};
  return ask.step() ? static_cast<std::uint64_t>(ask.number(0)) : 0;
}

void clean_up::some(const moment& at, int rows, std::chrono::microseconds margin) {
  std::string cursor;
  {
    query ask{where_, cursor_};
    if (ask.step()) cursor = ask.blob(0);
  }
  some_from(cursor, at, rows, margin);
}

std::uint64_t clean_up::some_from(std::string& cursor, const moment& at, int rows, std::chrono::microseconds margin) {
  const auto limit = static_cast<std::int64_t>(at.wall_us) - margin.count();
  std::int64_t highest = 0;
  int seen = 0;
  std::string last_seen;
  std::vector<std::string> idle;
  {
    query next{where_, next_};
    next.bind_blob(1, cursor).bind(2, rows).bind(3, at.now - std::chrono::nanoseconds{margin}.count());
    for (; next.step(); ++seen) {
      last_seen = next.blob(0);
      if (next.number(2) == 0 || next.number(1) >= limit) continue;
      idle.push_back(last_seen);
      highest = std::max(highest, next.number(1));
    }
  }
  for (const auto& name : idle) query{where_, forget_}.bind_blob(1, name).run();
  if (seen < rows) last_seen.clear();  // The end: begin anew.
  query{where_, write_}.bind(1, highest).bind_blob(2, last_seen).run();
  cursor = std::move(last_seen);
  return idle.size();
}

}  // namespace holdfast::sqlite
