// The tables and procedures: made on first use, or by hand; left alone when they are another version's.
#include <thread>

#include "fixture.hpp"
#include "session.hpp"
#include "store/mysql/schema.hpp"

namespace holdfast::mysql::test {
namespace {

class mysql_schema : public mysql_test {
 protected:
  void exercise(const std::string& url) {
    const auto store = open(url);
    const auto what = ask_for("r");
    const auto token = grant(*store, what);
    const auto next = ask_for("r");
    queue(*store, next);
    EXPECT_EQ(renew(*store, what, 30s), core::renew_verdict::renewed);
    EXPECT_EQ(release(*store, what, token), release_outcome::released);
    const auto theirs = claim_in_time(*store, next);
    EXPECT_GT(theirs, token);
    EXPECT_EQ(release(*store, next, theirs), release_outcome::released);
  }
};

TEST_F(mysql_schema, many_clients_make_it_at_once) {
  std::vector<std::thread> all;
  std::atomic<int> failed{0};
  for (int i = 0; i < 8; ++i)
    all.emplace_back([&, i] {
      const auto how = open(url_ + "?pool=" + std::to_string(i + 1))->ping(soon());
      if (!how.ok()) ++failed;
      EXPECT_TRUE(how.ok()) << how.message();
    });
  for (auto& each : all) each.join();
  EXPECT_EQ(failed, 0);
  exercise(url_);
}

TEST_F(mysql_schema, it_is_not_made_while_another_client_makes_it) {
  session third{server_, database_};
  const std::string lock = "CONCAT('holdfast.', SHA1(CONCAT(DATABASE(), '..holdfast')))";
  ASSERT_EQ(third.run("DO GET_LOCK(" + lock + ", 10)"), 0U);
  const auto store = open(url_);
  const auto how = store->ping(soon(1500ms));
  EXPECT_EQ(how, errc::unavailable);
  EXPECT_THAT(how.message(), ::testing::HasSubstr("another client"));
  EXPECT_EQ(server_.admin("SHOW TABLES", database_), "");
  ASSERT_EQ(third.run("DO RELEASE_LOCK(" + lock + ")"), 0U);
  exercise(url_);
}

TEST_F(mysql_schema, what_is_printed_can_be_applied_by_hand) {
  const holdfast::testing::temporary_folder folder;
  const auto script = folder.file("schema.sql");
  holdfast::testing::write_file(script, schema_script(sql::table_names{"locks", '`', ""}));
  server_.admin("CREATE DATABASE by_hand" + database_);
  for (int twice = 0; twice < 2; ++twice) EXPECT_EQ(server_.admin("source " + script, "by_hand" + database_), "");
  const std::string user = "u" + database_;
  server_.admin("CREATE USER '" + user +
                "'@'%' IDENTIFIED BY 's3cret'; GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON "
                "by_hand" +
                database_ + ".* TO '" + user + "'@'%'");
  exercise("mysql://" + user + ":s3cret@127.0.0.1:" + std::to_string(server_.port()) + "/by_hand" + database_ +
           "?table=locks");
}

TEST_F(mysql_schema, tables_of_different_names_do_not_meet) {
  const auto one = open(url_ + "?table=one");
  const auto two = open(url_ + "?table=two");
  grant(*one, ask_for("r"));
  grant(*two, ask_for("r"));
  EXPECT_EQ(server_.admin("SELECT COUNT(*) FROM one", database_), "1");
}

TEST_F(mysql_schema, another_versions_tables_are_left_alone) {
  ASSERT_TRUE(open(url_)->ping(soon()).ok());
  server_.admin("UPDATE holdfast_state SET layout = 2", database_);
  const auto how = open(url_ + "?pool=2")->ping(soon());
  EXPECT_EQ(how, errc::misconfigured);
  EXPECT_THAT(how.message(), ::testing::HasSubstr("another version"));
}

TEST_F(mysql_schema, tables_that_vanish_are_made_anew) {
  const auto store = open(url_);
  grant(*store, ask_for("r"));
  server_.admin("DROP TABLE holdfast, holdfast_waiter, holdfast_state; DROP PROCEDURE holdfast_turn", database_);
  grant(*store, ask_for("s"));
  exercise(url_ + "?pool=2");
}

TEST_F(mysql_schema, one_that_vanishes_alone_is_made_anew) {
  for (const auto* const gone :
       {"TABLE holdfast", "TABLE holdfast_waiter", "TABLE holdfast_state", "PROCEDURE holdfast_turn"}) {
    grant(*open(url_), ask_for("r of " + std::string{gone}));
    server_.admin(std::string{"DROP "} + gone, database_);
    EXPECT_TRUE(open(url_ + "?pool=2")->ping(soon()).ok()) << gone;
    exercise(url_ + "?pool=3");
    grant(*open(url_), ask_for("s of " + std::string{gone}));
    server_.admin(std::string{"DROP "} + gone, database_);
    resource_page page;
    const auto how = open(url_ + "?pool=4")->list("", "", 10, page, soon());
    EXPECT_TRUE(how.ok()) << gone << ": " << how.message();
  }
}

TEST_F(mysql_schema, how_the_server_ends_transactions_and_cuts_results_does_not_matter) {
  mariadb_server server{{.options = {}}};
  server.admin("SET GLOBAL sql_select_limit = 1");
  for (const auto* const type : {"CHAIN", "RELEASE"}) {
    server.admin(std::string{"SET GLOBAL completion_type = '"} + type + "'");
    const auto url = server.url(std::string{"hf_"} + type);
    exercise(url);
    const auto store = open(url);
    std::vector<core::request> whats;
    whats.reserve(3);  // The leases point into them.
    std::vector<core::lease_ref> leases;
    for (const auto* const name : {"a", "b", "c"}) {
      whats.push_back(ask_for(name));
      leases.push_back(lease_of(whats.back(), grant(*store, whats.back())));
    }
    server.admin("UPDATE holdfast SET expires = 0 WHERE name = 'a'", std::string{"hf_"} + type);
    std::vector<core::renew_verdict> verdicts(3, core::renew_verdict::unknown);
    static_cast<void>(store->renew(leases, verdicts, soon()));
    using enum core::renew_verdict;
    EXPECT_THAT(verdicts, ::testing::ElementsAre(lost, renewed, renewed));
  }
}

TEST_F(mysql_schema, the_servers_modes_and_time_zone_do_not_matter) {
  mariadb_server server{
      {.options = {"--sql-mode=ANSI,NO_ZERO_DATE,NO_ZERO_IN_DATE,SIMULTANEOUS_ASSIGNMENT", "--autocommit=0",
                   "--transaction-isolation=SERIALIZABLE", "--innodb-rollback-on-timeout=1",
                   "--innodb-lock-wait-timeout=1", "--default-time-zone=-11:00", "--log-bin", "--binlog-format=MIXED",
                   "--character-set-server=latin1"}}};
  exercise(server.url("hf_modes"));
  EXPECT_EQ(
      server.admin("SELECT COUNT(*) FROM holdfast WHERE ABS(since / 1000000 - UNIX_TIMESTAMP()) < 600", "hf_modes"),
      "1");
}

TEST_F(mysql_schema, a_binary_log_of_statements_is_refused_with_what_to_do) {
  mariadb_server server{{.options = {"--log-bin", "--binlog-format=STATEMENT"}}};
  const auto how = open(server.url("hf_binlog"))->ping(soon());
  EXPECT_EQ(how, errc::misconfigured) << how.message();
  EXPECT_THAT(how.message(), ::testing::HasSubstr("binlog_format"));
}

}  // namespace
}  // namespace holdfast::mysql::test
