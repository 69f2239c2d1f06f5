#include <cstdio>
#include <string>

#include "benches.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"
#include "sqlite_floor.hpp"

namespace holdfast::bench {
namespace {

const std::string name = "stock/42";

/// Makes the database, and the row of `name` in it. What a grant stores of who has it.
std::string prepare(const std::filesystem::path& path) {
  client maker{"sqlite:" + path.string()};
  mutex lock{maker, name};
  lock.lock();
  auto party = sqlite_floor::party_of(path, name);
  lock.unlock();
  return party;
}

}  // namespace

std::vector<figure> bench_pair(const settings& with) {
  const pinned one_cpu;
  const int rounds = with.quick ? 3 : 61;
  const int batch = with.quick ? 50 : 1000;
  const auto subject_path = with.folder / "pair.db";
  const auto floor_path = with.folder / "pair-floor.db";
  prepare(subject_path);
  sqlite_floor floor{floor_path, name, prepare(floor_path)};
  client subject{"sqlite:" + subject_path.string()};
  mutex lock{subject, name};
  const auto measured = interleave(
      rounds,
      [&] {
        for (int i = 0; i < batch; ++i) {
          lock.lock();
          lock.unlock();
        }
      },
      [&] {
        for (int i = 0; i < batch; ++i) floor.acquire_and_release();
      });
  auto row = measured.ratios("lock+unlock / two bare transactions", figure::goal_kind::at_most, 1.3);
  char text[160];
  std::snprintf(text, sizeof text, "%.1f us against %.1f us; %d pairs of batches of %d; %s",
                measured.subject() / batch * 1e6, measured.floor() / batch * 1e6, rounds, batch, load_text().c_str());
  row.detail = text;
  return {row};
}

}  // namespace holdfast::bench
