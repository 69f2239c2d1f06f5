#include <cstdio>
#include <string>

#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"
#include "redis/bare.hpp"
#include "redis/benches.hpp"

namespace holdfast::bench {

namespace {

const std::string name = "stock/42";
const std::string floor_name = "stock/43";

figure measure(const redis_settings& with, const redis_server& server, bare::over how, const cpus& where,
               const std::string& label) {
  server.pin(where.server);
  const on_cpu here{where.client};
  const int rounds = with.quick ? 3 : 41;
  const int batch = with.quick ? 50 : 500;
  bare floor{server, how};
  client subject{how == bare::over::tcp ? server.url() : server.unix_url()};
  mutex lock{subject, name};
  const auto seen = interleave(
      rounds,
      [&] {
        for (int i = 0; i < batch; ++i) {
          lock.lock();
          lock.unlock();
        }
      },
      [&] {
        for (int i = 0; i < batch; ++i) floor.pair(floor_name);
      });
  auto row = seen.ratios("redis: lock+unlock / bare scripts, " + label, figure::goal_kind::at_most, 1.1);
  char text[160];
  std::snprintf(text, sizeof text, "%.1f us against %.1f us; %d pairs of batches of %d; %s",
                seen.subject() / batch * 1e6, seen.floor() / batch * 1e6, rounds, batch, load_text().c_str());
  row.detail = text;
  return row;
}

}  // namespace

std::vector<figure> bench_redis_pair(const redis_settings& with) {
  const redis_server server{with.folder};
  std::vector<figure> rows;
  rows.push_back(measure(with, server, bare::over::tcp, cpus::shared(), "TCP, one CPU"));
  rows.push_back(measure(with, server, bare::over::tcp, cpus::one_each(), "TCP, one CPU each"));
  rows.push_back(measure(with, server, bare::over::unix_socket, cpus::shared(), "socket, one CPU"));
  rows.push_back(measure(with, server, bare::over::unix_socket, cpus::one_each(), "socket, one CPU each"));
  return rows;
}

}  // namespace holdfast::bench
