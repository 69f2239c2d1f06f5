#include <sched.h>

#include <cstdio>
#include <string>
#include <thread>

#include "bare.hpp"
#include "benches.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"

namespace holdfast::bench::mysql {
namespace {

figure measured_on(const settings& with, int server_cpu, const std::string& title) {
  const int rounds = with.quick ? 3 : 41;
  const int batch = with.quick ? 20 : 300;
  testing::mariadb_server server{server_on(server_cpu)};
  client subject{server.url("hf_pair")};
  bare floor{server, "hf_pair", "stock/42"};
  mutex lock{subject, "stock/42"};
  const auto measured = interleave(
      rounds,
      [&] {
        for (int i = 0; i < batch; ++i) {
          lock.lock();
          lock.unlock();
        }
      },
      [&] {
        for (int i = 0; i < batch; ++i) floor.take_and_free();
      });
  auto row = measured.ratios(title, figure::goal_kind::at_most, 1.15);
  char text[160];
  std::snprintf(text, sizeof text, "%.1f us against %.1f us; %d pairs of batches of %d; %s",
                measured.subject() / batch * 1e6, measured.floor() / batch * 1e6, rounds, batch, load_text().c_str());
  row.detail = text;
  return row;
}

}  // namespace

std::vector<figure> bench_pair(const settings& with) {
  const pinned one_cpu;
  const int here = ::sched_getcpu();
  const int elsewhere = std::thread::hardware_concurrency() < 2 ? here : (here == 0 ? 1 : 0);
  return {measured_on(with, here, "MySQL: lock+unlock / two bare statements, one CPU"),
          measured_on(with, elsewhere, "MySQL: lock+unlock / two bare statements, a CPU each")};
}

}  // namespace holdfast::bench::mysql
