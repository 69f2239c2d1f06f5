#include <string>
#include <vector>

#include "benches.hpp"
#include "program.hpp"

namespace holdfast::bench::mysql {
namespace {

auto by(std::vector<figure> (*run)(const settings&)) {
  return [run](const bench_options& with) { return run({.quick = with.quick}); };
}

}  // namespace

testing::mariadb_server::setup server_on(int cpu) {
  testing::mariadb_server::setup made;
  made.on_disk = true;
  if (cpu >= 0) made.launcher = {"taskset", "-c", std::to_string(cpu)};
  made.options = {"--performance-schema=OFF", "--innodb-buffer-pool-size=128M", "--innodb-log-file-size=96M"};
  return made;
}

}  // namespace holdfast::bench::mysql

int main(int argc, char** argv) {
  using namespace holdfast::bench::mysql;
  return holdfast::bench::run_benches(
      "Measures the store for MySQL and MariaDB beside bare prepared statements.",
      {{"pair", "lock+unlock / two bare updates", by(bench_pair)},
       {"threads", "16 threads / 16 bare connections", by(bench_threads)},
       {"handoff", "from unlock in one process to the lock in another", by(bench_hand_off)},
       {"waiting", "what 1, 100 and 1,000 waiters cost the server", by(bench_waiting)},
       {"renewal", "10,000 held leases", by(bench_renewal)}},
      argc, argv);
}
