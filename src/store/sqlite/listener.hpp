#pragma once

#include <memory>
#include <mutex>
#include <thread>

#include "core/store.hpp"
#include "store/sqlite/engine.hpp"

namespace holdfast::sqlite {

/// The thread that sleeps until another process (or another store of this one) gives a waiter of this store its turn,
/// and then tells whose turn it is. Started with the first waiter.
class listener {
 public:
  explicit listener(std::shared_ptr<engine> with);
  /// May run on the listening thread itself, within the callback: it then ends after it.
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  void set(core::store::turn_callback callback);
  void start();

 private:
  struct shared;
  static void listen(const std::shared_ptr<shared>& with);

  const std::shared_ptr<shared> shared_;
  std::mutex starting_;
  std::thread thread_;
};

}  // namespace holdfast::sqlite
