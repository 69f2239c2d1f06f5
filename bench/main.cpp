#include <CLI/CLI.hpp>
#include <exception>
#include <filesystem>
#include <iostream>

#include "benches.hpp"
#include "program.hpp"

namespace {

using namespace holdfast::bench;

/// The other half of bench_turns: `holdfast_bench waiter URL NAME`.
int waiter_main(char** words) {
  try {
    return be_waiter(words[0], words[1]);
  } catch (const std::exception& why) {
    std::cerr << "holdfast_bench waiter: " << why.what() << "\n";
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string{argv[1]} == "waiter") return waiter_main(argv + 2);
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  auto command = self.parent_path().parent_path() / "holdfast";
  const auto by = [&](std::vector<figure> (*run)(const settings&)) {
    return [&, run](const bench_options& with) {
      return run({.quick = with.quick, .folder = with.folder, .command = command, .self = self});
    };
  };
  return run_benches(
      "Measures the core and the embedded store against bare programs that do the same work.",
      {{"pair", "lock+unlock over the embedded store / two bare prepared transactions", by(bench_pair)},
       {"run", "`holdfast run k -- true` / `flock FILE true`, and its peak memory", by(bench_run)},
       {"turns", "16 threads of one client / a lock whose every turn goes to the store", by(bench_turns)},
       {"leases", "100,000 held leases: the keeper's share of a core, the memory of each", by(bench_leases)}},
      argc, argv, [&](CLI::App& program) {
        program.add_option("--command", command, "The command holdfast (default: beside this program's folder)")
            ->check(CLI::ExistingFile);
      });
}
