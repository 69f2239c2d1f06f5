#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "core/store.hpp"
#include "store/postgres/session_tenure.hpp"

namespace holdfast::postgres {

/// The tenures of one store, each lent to one verb at a time. Those that no verb has are watched by a thread: it learns at
/// once of a lock that was given, and of a session that ended. Started with the first of them. Thread-safe.
class session_book {
  class loop;

 public:
  /// A tenure in the hands of one verb; empty if there is none. It goes back to be watched, unless it was struck out or
  /// nothing stands behind it.
  class grip {
   public:
    grip() = default;
    grip(std::shared_ptr<loop> of, std::shared_ptr<session_tenure> what) : of_{std::move(of)}, what_{std::move(what)} {}
    grip(grip&&) noexcept = default;
    grip& operator=(grip&&) = delete;
    ~grip() { let_go(); }
    void let_go() noexcept;
    explicit operator bool() const noexcept { return what_ != nullptr; }
    session_tenure& operator*() const noexcept { return *what_; }
    session_tenure* operator->() const noexcept { return what_.get(); }

   private:
    std::shared_ptr<loop> of_;
    std::shared_ptr<session_tenure> what_;
  };

  /// `kept` outlives the watching thread.
  explicit session_book(std::shared_ptr<void> kept);
  /// May run on the watching thread itself, within a callback: that thread then ends after it.
  ~session_book();
  session_book(const session_book&) = delete;
  session_book& operator=(const session_book&) = delete;

  void on_turn(core::store::turn_callback callback);
  void on_loss(core::store::loss_callback callback);

  /// This owner's tenure, waiting for the verb that has it; throws `failure` if that takes too long. Empty if there is none.
  grip take(const core::owner_id& owner, time_point by);
  /// The same, and makes it if there is none.
  grip take_or_make(const core::request& what, time_point by);
  /// Whether there is one.
  [[nodiscard]] bool knows(const core::owner_id& owner);
  /// From now on tenures are watched.
  void start();

 private:
  const std::shared_ptr<loop> loop_;
  std::mutex starting_;
  std::thread thread_;
};

}  // namespace holdfast::postgres
