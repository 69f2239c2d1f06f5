#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "store/sqlite/boot_identity.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/errors.hpp"
#include "store/sqlite/protocol.hpp"
#include "store/sqlite/turnstile.hpp"
#include "store/sqlite/wake_file.hpp"

namespace holdfast::sqlite {

/// The database file as all threads of one store share it: opened when first needed, one transaction at a time, opened
/// anew if the file was replaced or the connection spoilt.
class engine {
 public:
  engine(std::string path, std::string shown, std::optional<machine> on)
      : path_{std::move(path)}, shown_{std::move(shown)}, machine_{std::move(on)}, wake_{path_} {}

  /// Runs `body(protocol&, const moment&)` as one transaction, then wakes whom it gave a turn. Throws `failure`.
  template <class Body>
  auto run(transaction::kind kind, time_point by, Body&& body) {
    const turn mine{*this, by};
    auto& now = ready(by);
    try {
      now.tables.wakes().clear();
      transaction change{now.where, now.with, kind};
      auto result = body(now.tables, look(*machine_));
      change.commit();
      for (const auto address : now.tables.wakes()) wake_.wake(address);
      now.where.fold_log();
      return result;
    } catch (const failure& why) {
      if (why.reopen) session_.reset();
      throw;
    }
  }

  wake_file& wakes() noexcept { return wake_; }
  [[nodiscard]] const std::string& shown() const noexcept { return shown_; }

 private:
  struct session {
    connection where;
    transaction::statements with;
    protocol tables;
    session(engine& of, time_point by) : where{of.path_, of.shown_, by}, tables{where, of.reach()} {}
  };
  /// This thread's turn at the connection.
  struct turn {
    turn(engine& of, time_point by);
    ~turn() { of_.turns_.leave(); }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    engine& of_;
  };

  neighbours reach();
  session& ready(time_point by);

  const std::string path_;
  const std::string shown_;
  turnstile turns_;
  std::optional<machine> machine_;  // in one's turn only, like session_
  wake_file wake_;
  std::optional<session> session_;
};

}  // namespace holdfast::sqlite
