#pragma once

#include <memory>
#include <mutex>
#include <thread>

#include "core/store.hpp"
#include "store/postgres/inside.hpp"

namespace holdfast::postgres {

/// The thread that learns whose turn it is: it LISTENs on a connection of its own; behind a pooler, where that is in
/// vain, it asks for those that wait, more seldom the more stand before them. Started with the first waiter.
class listener {
 public:
  explicit listener(std::shared_ptr<inside> of);
  /// May run on the listening thread itself, within the callback: that thread then ends after it.
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  void set(core::store::turn_callback callback);
  /// This request waits in the queue, behind `position` others.
  void waits(const core::request& what, std::uint32_t position);
  void waits_no_more(const core::owner_id& owner) noexcept;

 private:
  class loop;
  const std::shared_ptr<loop> loop_;
  std::mutex starting_;
  std::thread thread_;
};

}  // namespace holdfast::postgres
