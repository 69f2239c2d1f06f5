#include <sys/mount.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>
#include <vector>

#include "fixture.hpp"

/// Servers that can't serve, or no longer.
namespace holdfast::postgres::test {
namespace {

class server_test : public postgres_test {};

std::string both(const postgres_server& one, const postgres_server& other) {
  return "postgres://postgres@127.0.0.1:" + std::to_string(one.port()) + ",127.0.0.1:" + std::to_string(other.port()) +
         "/postgres";
}

TEST_F(server_test, a_replica_that_refuses_writes_is_told_as_such) {
  postgres_server primary;
  ASSERT_EQ(attempt(*open(primary.url()), "x"), outcome::granted);
  const auto replica = postgres_server::replica_of(primary);
  const auto store = open(replica->url());
  const auto answer = store->acquire(ask("r"), true, soon());
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_EQ(answer.why, errc::unavailable);
  EXPECT_FALSE(answer.unknown);
  EXPECT_THAT(answer.why.message(), ::testing::HasSubstr("replica"));
  EXPECT_EQ(store->ping(soon()), errc::misconfigured);
  // Named together, the primary is found.
  EXPECT_EQ(attempt(*open(both(*replica, primary)), "r"), outcome::granted);
  const auto ports = std::to_string(replica->port()) + "," + std::to_string(primary.port());
  const auto by_options = open("postgres://postgres@/postgres?host=127.0.0.1,127.0.0.1&port=" + ports);
  EXPECT_EQ(attempt(*by_options, "s"), outcome::granted);
}

TEST_F(server_test, a_promoted_replica_goes_on_with_what_had_reached_it) {
  postgres_server primary;
  const auto store = open(primary.url());
  const auto what = ask("r", 120s);
  const auto token = grant(*store, what);
  const auto replica = postgres_server::replica_of(primary);
  const auto client = open(both(primary, *replica));
  EXPECT_EQ(renew(*client, what), core::renew_verdict::renewed);
  ASSERT_TRUE(eventually([&] {
    return primary.query("SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()") == "1";
  }));
  primary.kill();
  replica->promote();
  EXPECT_EQ(attempt(*client, "r"), outcome::busy);
  EXPECT_EQ(renew(*client, what), core::renew_verdict::renewed);
  EXPECT_EQ(client->release(lease(what, token), soon()).is, released::released);
  EXPECT_GT(grant(*client, ask("r")), token);
}

/// What docs/GUARANTEES.md says of it: two may believe to hold until the first one's deadline; the token tells them apart.
TEST_F(server_test, a_grant_that_had_not_reached_the_promoted_replica_is_forgotten_but_tokens_rise) {
  postgres_server primary;
  const auto store = open(primary.url());
  ASSERT_EQ(attempt(*store, "x"), outcome::granted);
  const auto replica = postgres_server::replica_of(primary);
  replica->query("ALTER SYSTEM SET primary_conninfo = ''");
  replica->query("SELECT pg_reload_conf()");
  ASSERT_TRUE(eventually([&] { return primary.query("SELECT count(*) FROM pg_stat_replication") == "0"; }));
  const auto token = grant(*store, ask("r", 120s));
  primary.kill();
  replica->promote();
  EXPECT_GT(grant(*open(replica->url()), ask("r")), token);
}

/// A file system of so many MB in the memory.
class small_disk {
 public:
  explicit small_disk(const std::string& size) {
    if (::mount("none", folder_.path().c_str(), "tmpfs", 0, ("mode=0755,size=" + size).c_str()) != 0)
      throw std::runtime_error{"can't mount a tmpfs: the tests need root"};
  }
  ~small_disk() { ::umount2(folder_.path().c_str(), MNT_DETACH); }
  [[nodiscard]] const std::string& path() const { return folder_.path(); }
  void fill() const {
    std::ofstream file{folder_.file("filler"), std::ios::binary};
    const std::string piece(1 << 16, 'x');
    while (file << piece << std::flush) {
    }
  }
  void make_room() const { ::unlink(folder_.file("filler").c_str()); }

 private:
  holdfast::testing::temporary_folder folder_;
};

TEST_F(server_test, a_full_disk_is_told_and_nothing_is_lost_by_it) {
  const small_disk disk{"160M"};
  postgres_server own{
      {.settings = {"max_wal_size=32MB", "min_wal_size=32MB"}, .environment = {}, .data_folder = disk.path()}};
  const auto store = open(own.url());
  const auto what = ask("held", 300s);
  const auto token = grant(*store, what);
  disk.fill();
  // Long texts fill what room the server has left by itself.
  status why;
  std::uint64_t last = 0;
  for (int i = 0; i < 200'000 && why.ok(); ++i) {
    auto big = ask("r" + std::to_string(i));
    big.party = std::string(1500, 'p') + std::to_string(i);
    const auto answer = store->acquire(big, false, soon());
    if (answer.is == outcome::failed)
      why = answer.why;
    else
      last = answer.token;
  }
  EXPECT_EQ(why, errc::unavailable) << why.message();
  EXPECT_FALSE(why.message().empty());
  EXPECT_GT(last, token);
  disk.make_room();
  own.kill();
  own.start();
  EXPECT_EQ(renew(*store, what), core::renew_verdict::renewed);
  EXPECT_EQ(store->release(lease(what, token), soon()).is, released::released);
  EXPECT_GT(grant(*store, ask("held")), token);
}

TEST_F(server_test, errors_say_what_happened_where_and_what_to_do) {
  const auto complaint = [&](const std::string& url, errc code) {
    const auto how = open(url)->ping(soon());
    EXPECT_EQ(how, code) << how.message();
    EXPECT_EQ(how.message().find("sesame"), std::string::npos) << how.message();
    return how.message();
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(complaint(server().url("nowhere"), errc::misconfigured), HasSubstr("create that database"));
  EXPECT_THAT(complaint("postgres://nobody:sesame@127.0.0.1:" + std::to_string(server().port()) + "/postgres",
                        errc::not_authorised),
              HasSubstr("nobody"));
  EXPECT_THAT(complaint(url("sslmode=require"), errc::misconfigured), HasSubstr("SSL"));
  EXPECT_THAT(complaint(url("no_such_parameter=1"), errc::invalid_argument), HasSubstr("no_such_parameter"));
  EXPECT_THAT(complaint(url("keepalives=long"), errc::invalid_argument), HasSubstr("long"));
  EXPECT_THAT(complaint(url("sslmode=maybe"), errc::invalid_argument), HasSubstr("maybe"));
  EXPECT_THAT(complaint(url("target_session_attrs=best"), errc::invalid_argument), HasSubstr("best"));
  EXPECT_THAT(complaint("postgres://?service=no_such_service", errc::misconfigured), HasSubstr("no_such_service"));
  EXPECT_THAT(complaint("postgres://postgres@127.0.0.1:" + std::to_string(holdfast::testing::free_port()) + "/x",
                        errc::unavailable),
              HasSubstr("refused"));
  EXPECT_THAT(complaint(url("table=elsewhere.locks"), errc::misconfigured), HasSubstr("schema"));
  for (const auto* const bad : {"table=a.b.c", "table=x'y", "table=", "pool=0", "pool=many"})
    EXPECT_THROW(open(url(bad)), error) << bad;
}

TEST_F(server_test, a_password_that_is_asked_for_and_not_given_is_told_as_such) {
  postgres_server own;
  own.query("CREATE ROLE asked LOGIN PASSWORD 'sesame'");
  own.query("COPY (VALUES ('host all asked 127.0.0.1/32 scram-sha-256'), ('host all all 127.0.0.1/32 trust')) TO '" +
            own.query("SHOW hba_file") + "'");
  own.query("SELECT pg_reload_conf()");
  const auto as = [&](const std::string& who) {
    return open("postgres://" + who + "@127.0.0.1:" + std::to_string(own.port()) + "/postgres")->ping(soon());
  };
  ASSERT_TRUE(eventually([&] { return as("asked:wrong") == errc::not_authorised; }));
  const auto how = as("asked");
  EXPECT_EQ(how, errc::not_authorised) << how.message();
  EXPECT_THAT(how.message(), ::testing::HasSubstr("password"));
}

TEST_F(server_test, a_role_that_only_reads_is_told_apart_from_a_replica) {
  ASSERT_EQ(attempt(*open(url()), "r"), outcome::granted);
  query("ALTER DATABASE " + database_ + " SET default_transaction_read_only = on");
  const auto answer = open(url())->acquire(ask("s"), true, soon());
  EXPECT_EQ(answer.why, errc::unavailable);
  EXPECT_THAT(answer.why.message(), ::testing::HasSubstr("default_transaction_read_only"));
}

TEST_F(server_test, tables_that_were_emptied_serve_on) {
  const auto token = grant(*open(url()), ask("r"));
  query("TRUNCATE holdfast, holdfast_waiter, holdfast_state");
  EXPECT_GT(grant(*open(url()), ask("r")), token);
  query("TRUNCATE holdfast, holdfast_waiter, holdfast_state");
  EXPECT_TRUE(open(url())->ping(soon()).ok());
  EXPECT_EQ(query("SELECT layout FROM holdfast_state"), "1");
}

TEST_F(server_test, what_the_schema_grants_is_enough_in_a_schema_of_its_own) {
  query("CREATE SCHEMA apart; CREATE ROLE guest LOGIN");
  const auto as_guest =
      "postgres://guest@127.0.0.1:" + std::to_string(server().port()) + "/" + database_ + "?table=apart.locks";
  std::string script;
  ASSERT_TRUE(open(as_guest)->schema(script).ok());
  query(script);
  constexpr std::string_view mark = "--   GRANT";
  constexpr std::string_view user = "the_user";
  for (auto at = script.find(mark); at != script.npos; at = script.find(mark, at + 1)) {
    auto grants = script.substr(at + 5, script.find('\n', at) - at - 5);
    query(grants.replace(grants.find(user), user.size(), "guest"));
  }
  grant(*open(as_guest), ask("r"));
  query("DROP OWNED BY guest; DROP ROLE guest");
}

TEST_F(server_test, who_may_not_make_the_table_is_told_of_the_schema) {
  query("CREATE ROLE worker LOGIN");
  const auto as_worker = "postgres://worker@127.0.0.1:" + std::to_string(server().port()) + "/" + database_;
  const auto refused = open(as_worker)->acquire(ask("r"), true, soon());
  EXPECT_EQ(refused.why, errc::not_authorised) << refused.why.message();
  EXPECT_THAT(refused.why.message(), ::testing::HasSubstr("holdfast schema"));
  std::string script;
  ASSERT_TRUE(open(as_worker)->schema(script).ok());
  query(script);
  query("GRANT SELECT, INSERT, UPDATE, DELETE ON holdfast, holdfast_waiter, holdfast_state TO worker");
  const auto store = open(as_worker);
  const auto what = ask("r");
  const auto token = grant(*store, what);
  const auto next = ask("r");
  EXPECT_EQ(store->acquire(next, true, soon()).is, outcome::queued);
  EXPECT_EQ(store->release(lease(what, token), soon()).is, released::released);
  EXPECT_EQ(store->claim(next, soon()).is, outcome::granted);
  std::string cursor;
  std::uint64_t forgotten = 0;
  EXPECT_TRUE(store->clean_up(cursor, forgotten, soon()).ok());
  query("DROP OWNED BY worker; DROP ROLE worker");
}

TEST_F(server_test, the_table_may_have_another_name_and_isolation_another_default) {
  query("CREATE SCHEMA locks");
  query("ALTER DATABASE " + database_ + " SET default_transaction_isolation = 'serializable'");
  const auto one = open(url("table=locks.Mine"));
  const auto other = open(url());
  const auto what = ask("r");
  const auto token = grant(*one, what);
  EXPECT_EQ(attempt(*other, "r"), outcome::granted);
  EXPECT_EQ(attempt(*one, "r"), outcome::busy);
  EXPECT_EQ(one->release(lease(what, token), soon()).is, released::released);
  EXPECT_EQ(query("SELECT count(*) FROM locks.\"Mine\""), "1");
}

TEST_F(server_test, tables_of_another_layout_are_told_as_such_by_every_verb_that_begins_something) {
  ASSERT_EQ(attempt(*open(url()), "r"), outcome::granted);
  query("UPDATE holdfast_state SET layout = 2");
  const auto store = open(url());
  const auto told = [](const status& how) {
    EXPECT_EQ(how, errc::misconfigured);
    EXPECT_THAT(how.message(), ::testing::HasSubstr("another version of holdfast"));
  };
  told(store->acquire(ask("r"), true, soon()).why);
  told(store->break_lease("r", std::uint64_t{1}, std::nullopt, soon()));
  resource_view view;
  told(store->inspect("r", view, soon()));
  resource_page page;
  told(store->list("", "", 10, page, soon()));
  told(store->ping(soon()));
  query("UPDATE holdfast_state SET layout = 1");
  EXPECT_TRUE(store->ping(soon()).ok());
}

/// Sessions of clients in that database.
int sessions(const postgres_server& on) {
  return std::stoi(on.query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast'"));
}

/// Each thread takes and frees a lock of its own so often.
void use_at_once(core::store& at, int threads, int times) {
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i)
    all.emplace_back([&at, i, times] {
      for (int j = 0; j < times; ++j) {
        const auto what = ask("at once/" + std::to_string(i));
        EXPECT_EQ(at.release(lease(what, grant(at, what)), soon()).is, released::released);
      }
    });
  for (auto& each : all) each.join();
}

TEST_F(server_test, a_server_without_room_for_all_connections_serves_through_those_that_there_are) {
  const postgres_server small{
      {.settings = {"max_connections=6", "superuser_reserved_connections=0"}, .environment = {}, .data_folder = {}}};
  const auto store = open(small.url());
  use_at_once(*store, 16, 20);
}

TEST_F(server_test, connections_that_nobody_needs_any_more_are_closed) {
  const postgres_server own;
  const auto store = open(own.url());
  use_at_once(*store, 1, 1);
  session third{own, "postgres"};
  third.run("BEGIN; LOCK holdfast");
  std::thread busy{[&] { use_at_once(*store, 12, 1); }};
  EXPECT_TRUE(eventually([&] { return sessions(own) == 12; }));
  third.run("COMMIT");
  busy.join();
  EXPECT_TRUE(eventually(
      [&] {
        use_at_once(*store, 1, 1);
        return sessions(own) <= 5;
      },
      60s));
}

}  // namespace
}  // namespace holdfast::postgres::test
