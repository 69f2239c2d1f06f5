#pragma once

#include <string>

#include "fixture.hpp"

namespace holdfast::mysql::test {

/// A test that does harm to connections and transactions.
class mysql_faults : public mysql_test {
 protected:
  template <class Relay>
  [[nodiscard]] std::string through(const Relay& way) const {
    return "mysql://hf:s3cret@127.0.0.1:" + std::to_string(way.port()) + "/" + database_;
  }
  /// Ends every connection of the stores to this test's database, and waits until they are gone: KILL only asks for it.
  void kill_connections() const {
    const std::string list = " FROM information_schema.PROCESSLIST WHERE ";
    const auto ids = server_.admin("SELECT GROUP_CONCAT(ID)" + list + "DB = '" + database_ + "' AND USER = 'hf'");
    if (ids == "NULL") return;
    std::string kills = "KILL " + ids;
    for (auto comma = kills.find(','); comma != std::string::npos; comma = kills.find(',', comma))
      kills.replace(comma, 1, "; KILL ");
    server_.admin(kills);
    EXPECT_TRUE(eventually([&] { return server_.admin("SELECT COUNT(*)" + list + "ID IN (" + ids + ")") == "0"; }));
  }
  [[nodiscard]] int connections() const {
    return std::stoi(server_.admin("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = '" + database_ +
                                   "' AND USER = 'hf'"));
  }
  /// Waits until so many transactions wait for a lock. The server makes that list anew only where nobody has asked for it
  /// within 100 ms.
  [[nodiscard]] bool await_blocked(int count) const {
    return eventually([&] {
      return std::stoi(server_.admin(
                 "DO SLEEP(0.15); SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'")) ==
             count;
    });
  }
  static std::string holder(core::store& at, const std::string& name) {
    resource_view view;
    EXPECT_TRUE(at.inspect(name, view, soon()).ok());
    return view.holders.empty() ? "nobody" : view.holders[0].who.owner;
  }
};

}  // namespace holdfast::mysql::test
