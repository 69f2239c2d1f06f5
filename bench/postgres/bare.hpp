#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

namespace holdfast::bench {

/// What a lock and unlock can't be cheaper than: one UPDATE of a row by its key and another, prepared, each a transaction
/// of its own, as libpq's blocking calls do them.
class bare {
 public:
  /// Makes a table of its own where it is missing, with a row of that name.
  bare(const std::string& conninfo, std::string name);
  void two_updates();

 private:
  void execute(const char* statement);
  const std::string name_;
  const std::unique_ptr<PGconn, void (*)(PGconn*)> on_;
};

}  // namespace holdfast::bench
