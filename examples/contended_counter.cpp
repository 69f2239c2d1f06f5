// Counts in a file: read the number, add one, write it back. Several processes that do so at once lose counts,
// unless each round is under one lock.
//
//   contended_counter STORE FILE ROUNDS [--no-lock]
//
// Run eight of these at once (scripts/demo does) and look at the file.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "holdfast/holdfast.hpp"

namespace {

void count_once(const std::string& file) {
  long count = 0;
  std::ifstream{file} >> count;
  std::this_thread::yield();  // Whoever works longer than this loses more counts.
  std::ofstream{file} << count + 1 << '\n';
}

void count_under_lock(const std::string& store, const std::string& file, int rounds) {
  holdfast::client client{store};
  holdfast::mutex turn{client, "contended-counter"};
  for (int i = 0; i < rounds; ++i) {
    std::scoped_lock lock{turn};
    count_once(file);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: contended_counter STORE FILE ROUNDS [--no-lock]\n";
    return 64;
  }
  const std::string file = argv[2];
  const int rounds = std::atoi(argv[3]);
  const bool with_lock = argc == 4 || std::string_view{argv[4]} != "--no-lock";
  try {
    if (with_lock) {
      count_under_lock(argv[1], file, rounds);
    } else {
      for (int i = 0; i < rounds; ++i) count_once(file);
    }
  } catch (const holdfast::error& why) {
    std::cerr << "contended_counter: " << why.what() << '\n';
    return 69;
  }
}
