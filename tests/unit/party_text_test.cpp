#include "core/party_text.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace holdfast::core {

TEST(party_text, tells_of_this_process) {
  party who;
  who.owner = "left alone";
  read_party_text(own_party_text("nightly"), who);
  EXPECT_FALSE(who.host.empty());
  EXPECT_EQ(who.pid, ::getpid());
  EXPECT_FALSE(who.user.empty());
  EXPECT_NE(who.command.find("unit_test"), std::string::npos) << who.command;
  EXPECT_EQ(who.note, "nightly");
  EXPECT_EQ(who.owner, "left alone");
}

TEST(party_text, notes_come_back_as_they_were) {
  using namespace std::string_literals;
  for (const auto& note : {""s, "a=b"s, "two\nlines"s, "back\\slash\\n"s, "\\"s, "nul\0byte"s, "schl\xc3\xbcssel"s,
                           "\xff\xfe"s, "\n\n"s}) {
    party who;
    read_party_text(own_party_text(note), who);
    EXPECT_EQ(who.note, note);
    EXPECT_EQ(who.pid, ::getpid());
  }
}

TEST(party_text, long_notes_are_cut_between_characters) {
  std::string note;
  for (int i = 0; i < 1000; ++i) note += "\xe9\x94\x81";
  party who;
  read_party_text(own_party_text(note), who);
  EXPECT_LE(who.note.size(), 256U);
  EXPECT_GE(who.note.size(), 250U);
  EXPECT_EQ(who.note.size() % 3, 0U);
  EXPECT_LT(own_party_text(note).size(), 2000U);
}

TEST(party_text, unknown_and_malformed_lines_are_passed_over) {
  party who;
  read_party_text("future=1\n\nno equals\n=\npid=12x\nhost=h\npid=7\nlast=", who);
  EXPECT_EQ(who.host, "h");
  EXPECT_EQ(who.pid, 7);
  party none;
  read_party_text("", none);
  read_party_text("pid=-1\npid=99999999999999999999\n", none);
  EXPECT_EQ(none.pid, 0);
}

TEST(party_text, a_forked_child_tells_of_itself) {
  (void)own_party_text("");
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    party who;
    read_party_text(own_party_text(""), who);
    ::_exit(who.pid == ::getpid() ? 0 : 1);
  }
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  EXPECT_EQ(how, 0);
}

}  // namespace holdfast::core
