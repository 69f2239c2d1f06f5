#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "benches.hpp"
#include "machine.hpp"
#include "paired.hpp"
#include "process.hpp"

namespace holdfast::bench {

std::vector<figure> bench_run(const settings& with) {
  const pinned one_cpu;
  const int rounds = with.quick ? 5 : 401;
  const auto file = with.folder / "flock";
  std::ofstream{file}.flush();
  const std::vector<std::string> subject{
      with.command.string(), "run", "-s", "sqlite:" + (with.folder / "run.db").string(), "k", "--", "true"};
  const std::vector<std::string> floor{"flock", file.string(), "true"};
  std::vector<double> peaks;
  std::vector<double> subject_cpu;
  std::vector<double> floor_cpu;
  const auto measured = interleave(
      rounds,
      [&] {
        const auto how = run_to_end(subject);
        peaks.push_back(static_cast<double>(how.peak_kib) / 1024);
        subject_cpu.push_back(how.cpu_seconds);
      },
      [&] { floor_cpu.push_back(run_to_end(floor).cpu_seconds); });

  auto time = measured.ratios("holdfast run k -- true / flock FILE true", figure::goal_kind::at_most, 2.5);
  char text[160];
  std::snprintf(text, sizeof text, "%.2f ms against %.2f ms (of CPU %.2f and %.2f); %d pairs; %s",
                measured.subject() * 1e3, measured.floor() * 1e3, median_of(subject_cpu) * 1e3,
                median_of(floor_cpu) * 1e3, rounds, load_text().c_str());
  time.detail = text;

  // The kernel's figure for it and for the children that it waited for, whichever is larger: never too small.
  figure memory{.name = "peak memory of holdfast run", .unit = "MiB", .goal = 16};
  memory.median = median_of(peaks);
  memory.least = *std::min_element(peaks.begin(), peaks.end());
  memory.most = *std::max_element(peaks.begin(), peaks.end());
  return {time, memory};
}

}  // namespace holdfast::bench
