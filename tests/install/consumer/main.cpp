// A program as users write it: takes and gives back a lock on each store that it links.
#include <iostream>
#include <mutex>
#include <string>

#include "holdfast/holdfast.hpp"

int main(int argc, char** argv) {
  try {
    for (int i = 1; i < argc; ++i) {
      holdfast::client client{argv[i]};
      holdfast::mutex one{client, "consumer"};
      std::unique_lock lock{one};
      if (one.lease().token().value() == 0) throw std::runtime_error{"no token"};
      lock.unlock();
      std::cout << client.store() << " locked\n";
    }
  } catch (const holdfast::error& why) {
    std::cout << "error: " << why.what() << '\n';
    return 1;
  }
}
