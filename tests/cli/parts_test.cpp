#include <gtest/gtest.h>

#include <unistd.h>
#include <cerrno>

#include <csignal>
#include <cstdlib>

#include "duration_text.hpp"
#include "escape.hpp"
#include "exit_code.hpp"
#include "guardian_link.hpp"
#include "outcome_file.hpp"
#include "store_choice.hpp"
#include "support/process.hpp"

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;

TEST(duration_text, reads_what_people_write) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("2d"), 48h);
  EXPECT_EQ(parse_duration("7"), 7s);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("0.25"), 250ms);
  EXPECT_EQ(parse_duration("1.000000001s"), 1s + 1ns);
  EXPECT_EQ(parse_duration("0.5h"), 30min);
}

TEST(duration_text, refuses_what_is_none) {
  for (const char* text : {"",           "s",
                           "ms",         "-1",
                           "-5s",        "+5s",
                           "1x",         "1 s",
                           " 1s",        "1s ",
                           "abc",        "1.s",
                           ".5s",        "1..5s",
                           "1.5.5",      "1e3",
                           "0x10",       "inf",
                           "nan",        "9223372036854775808",
                           "9223372037", "99999999999999h",
                           "1sm"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << "'" << text << "'";
}

TEST(duration_text, rounds_a_tiny_span_up) { EXPECT_EQ(parse_duration("0.0000000001s"), 1ns); }

TEST(duration_text, shows_what_people_care_for) {
  EXPECT_EQ(show_duration(350ms), "350ms");
  EXPECT_EQ(show_duration(12'490ms), "12.4s");
  EXPECT_EQ(show_duration(185s), "3m05s");
  EXPECT_EQ(show_duration(127min), "2h07m");
  EXPECT_EQ(show_duration(76h), "3d04h");
}

TEST(exit_codes, follow_the_error) {
  EXPECT_EQ(exit_code_of(status{}), 0);
  EXPECT_EQ(exit_code_of(status{errc::busy}), 75);
  EXPECT_EQ(exit_code_of(status{errc::timed_out}), 75);
  EXPECT_EQ(exit_code_of(status{errc::unavailable}), 69);
  EXPECT_EQ(exit_code_of(status{errc::outcome_unknown}), 69);
  EXPECT_EQ(exit_code_of(status{errc::not_authorised}), 77);
  EXPECT_EQ(exit_code_of(status{errc::misconfigured}), 78);
  EXPECT_EQ(exit_code_of(status{errc::unsupported}), 78);
  EXPECT_EQ(exit_code_of(status{errc::wrong_kind}), 78);
  EXPECT_EQ(exit_code_of(status{errc::invalid_argument}), 64);
  EXPECT_EQ(exit_code_of(status{errc::internal}), 70);
}

TEST(exit_codes, follow_the_child) {
  EXPECT_EQ(exit_code_of_wait_status(7 << 8), 7);
  EXPECT_EQ(exit_code_of_wait_status(SIGTERM), 143);
  EXPECT_EQ(exit_code_of_exec_error(ENOENT), 127);
  EXPECT_EQ(exit_code_of_exec_error(EACCES), 126);
  EXPECT_EQ(exit_code_of_exec_error(ENOEXEC), 126);
}

TEST(escape, leaves_text_alone) {
  EXPECT_EQ(escape("stock/42 a}b"), "stock/42 a}b");
  EXPECT_EQ(escape("Schlüssel 锁 🔒"), "Schlüssel 锁 🔒");
  EXPECT_TRUE(is_utf8("Schlüssel 锁 🔒\n"));
}

TEST(escape, makes_odd_bytes_harmless_and_distinct) {
  EXPECT_EQ(escape("a\nb\x1b[2J\x7f"), "a\\x0ab\\x1b[2J\\x7f");
  EXPECT_EQ(escape("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(escape("\\xff"), "\\\\xff");
  EXPECT_EQ(escape("\xc0\x80"), "\\xc0\\x80");           // overlong
  EXPECT_EQ(escape("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(escape("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // turns the direction of writing
  EXPECT_EQ(escape("\xe9\x94"), "\\xe9\\x94");           // cut short
  EXPECT_EQ(one_line("a\\b\nc"), "a\\b\\x0ac");
  EXPECT_FALSE(is_utf8("a\xff"));
}

TEST(guardian_times, follow_the_ttl) {
  EXPECT_EQ(grace_of(30s), 5s);
  EXPECT_EQ(grace_of(6s), 1s);
  EXPECT_EQ(margin_of(1s), duration{1s} / 12);
  EXPECT_EQ(margin_of(60s), 1s);
  EXPECT_LT(margin_of(1s), grace_of(1s));
}

TEST(store_choice, encodes_what_means_something_in_a_url) {
  EXPECT_EQ(sqlite_url("/home/a b/50%?#/locks.db"), "sqlite:/home/a%20b/50%25%3F%23/locks.db");
}

TEST(outcome_file, replaces_the_whole) {
  const testing::temporary_folder folder;
  const std::string path = folder.file("outcome");
  EXPECT_EQ(write_whole(path, "a long first text"), 0);
  EXPECT_EQ(write_whole(path, "short"), 0);
  EXPECT_EQ(testing::read_file(path), "short");
  EXPECT_EQ(write_whole(folder.file("no/such/folder"), "x"), ENOENT);
}

TEST(outcome_file, writes_through_links) {
  const testing::temporary_folder folder;
  testing::write_file(folder.file("real"), "old");
  ASSERT_EQ(::symlink(folder.file("real").c_str(), folder.file("link").c_str()), 0);
  EXPECT_EQ(write_whole(folder.file("link"), "new"), 0);
  EXPECT_EQ(testing::read_file(folder.file("real")), "new");
}

}  // namespace
}  // namespace holdfast::cli
