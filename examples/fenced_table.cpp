// What a lock alone can't do: a holder that is paused past its deadline (a suspended laptop, a stopped virtual
// machine) does not know that the lock went on to somebody else, and writes. The fencing token closes that:
// the table keeps the highest token it has seen and refuses lower ones.
//
//   fenced_table STORE TABLE.db
#include <sqlite3.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include "holdfast/holdfast.hpp"

namespace {

using namespace std::chrono_literals;

/// A table of stock whose every write carries a token.
class fenced_table {
 public:
  explicit fenced_table(const char* file) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open(file, &opened);
    db_.reset(opened);
    check(code);
    sqlite3_busy_timeout(opened, 5000);
    run("CREATE TABLE IF NOT EXISTS stock(item TEXT PRIMARY KEY, amount INTEGER, token INTEGER);"
        "INSERT OR IGNORE INTO stock VALUES('nails', 100, 0)");
  }

  /// Whether the write was taken: it is not if a higher token has written before.
  bool write(int amount, holdfast::fencing_token token) {
    const std::string t = std::to_string(token.value());
    run("UPDATE stock SET amount = " + std::to_string(amount) + ", token = " + t +
        " WHERE item = 'nails' AND token <= " + t);
    return sqlite3_changes(db_.get()) == 1;
  }

 private:
  void run(const std::string& sql) { check(sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr)); }
  void check(int code) const {
    if (code != SQLITE_OK) throw std::runtime_error{sqlite3_errmsg(db_.get())};
  }

  struct closer {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
  };
  std::unique_ptr<sqlite3, closer> db_;
};

bool write_as(const char* who, fenced_table& table, int amount, const holdfast::lease& lease) {
  const bool taken = table.write(amount, lease.token());
  std::cout << who << (lease.held() ? " holds the lock" : " lost the lock") << " and writes " << amount
            << " with token " << lease.token().value() << ": " << (taken ? "taken" : "refused") << '\n';
  return taken;
}

/// True if the table took the new holder's write and refused the old one's.
bool show(const char* store, const char* file) {
  fenced_table table{file};
  // Two clients, as two hosts would be. The first does not renew: it stands for one that was paused.
  holdfast::client paused_host{store};
  holdfast::client other_host{store};
  holdfast::mutex early{paused_host, "stock/nails", {.ttl = 200ms, .renew = false}};
  holdfast::mutex late{other_host, "stock/nails"};

  early.lock();
  const holdfast::lease old_lease = early.lease();
  late.lock();  // Granted when the first lease has run out.
  const bool new_taken = write_as("the new holder", table, 90, late.lease());
  const bool old_taken = write_as("the paused one", table, 99, old_lease);
  return new_taken && !old_taken;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: fenced_table STORE TABLE.db\n";
    return 64;
  }
  try {
    return show(argv[1], argv[2]) ? 0 : 1;
  } catch (const std::exception& why) {
    std::cerr << "fenced_table: " << why.what() << '\n';
    return 69;
  }
}
