#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "benches.hpp"
#include "holdfast/holdfast.hpp"
#include "paired.hpp"

namespace holdfast::bench {

int be_waiter(const std::string& url, const std::string& name) {
  client mine{url};
  mutex lock{mine, name};
  std::vector<double> waits;
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  while (::poll(&input, 1, 0) == 0) {
    waits.push_back(seconds_of([&] { lock.lock(); }));
    lock.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  const double longest = waits.empty() ? 0 : *std::max_element(waits.begin(), waits.end());
  std::printf("%.9f %.9f %zu\n", longest, median_of(waits), waits.size());
  return 0;
}

}  // namespace holdfast::bench
