#include "store/redis/layout.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

namespace holdfast::redis {
namespace {

/// The slot of a key, written after the cluster specification and not after layout.cpp.
unsigned slot_of(const std::string& key) {
  std::string hashed = key;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] != '{') continue;
    std::size_t end = i + 1;
    while (end < key.size() && key[end] != '}') ++end;
    if (end < key.size() && end > i + 1) hashed = key.substr(i + 1, end - i - 1);
    break;
  }
  std::uint16_t table[256];
  for (unsigned i = 0; i < 256; ++i) {
    unsigned crc = i << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
    table[i] = static_cast<std::uint16_t>(crc);
  }
  unsigned crc = 0;
  for (const char c : hashed) crc = ((crc << 8) ^ table[((crc >> 8) ^ static_cast<unsigned char>(c)) & 0xff]) & 0xffff;
  return crc % 16384;
}

std::set<unsigned> slots_of(const std::string& name) {
  std::set<unsigned> found;
  const resource_keys keys{name};
  for (const auto key : keys.all()) found.insert(slot_of(std::string{key}));
  return found;
}

/// Names in which braces are common.
rc::Gen<std::string> braced_name() {
  return rc::gen::nonEmpty(rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::element('{', '}', 'a', ':'), rc::gen::inRange<char>(1, 127))));
}

TEST(redis_layout, the_slot_of_known_keys) {
  EXPECT_EQ(slot_of("123456789"), 12739U);  // As the specification has it: 0x31c3.
  EXPECT_EQ(slot_of("{user1000}.following"), slot_of("user1000"));
  EXPECT_EQ(slot_of("foo{}{bar}"), slot_of("foo{}{bar}"));
  EXPECT_NE(slot_of("foo{}{bar}"), slot_of("bar"));
}

TEST(redis_layout, plain_names) {
  const resource_keys keys{"stock/42"};
  EXPECT_EQ(keys.all()[0], "stock/42");
  EXPECT_EQ(keys.all()[1], "{stock/42}:holdfast:lease:stock/42");
  EXPECT_EQ(keys.all()[2], "{stock/42}:holdfast:queue:stock/42");
  EXPECT_EQ(keys.all()[3], "{stock/42}:holdfast:waiters:stock/42");
}

TEST(redis_layout, a_name_with_a_hash_tag_keeps_it) {
  EXPECT_EQ(resource_keys{"{u}a"}.lease(), "{u}:holdfast:lease:{u}a");
  EXPECT_EQ(resource_keys{"{u}b"}.lease(), "{u}:holdfast:lease:{u}b");
  EXPECT_EQ(tag_of("x{y}z"), "y");
  EXPECT_EQ(tag_of("a{b"), "a{b");
  EXPECT_EQ(tag_of("{{b}"), "{b");
}

TEST(redis_layout, names_whose_braces_give_no_usable_tag) {
  for (const char* name : {"a}b", "{}x", "}", "{}", "}{", "{}{a}", "}}}", "a}{"}) {
    EXPECT_EQ(tag_of(name).find_first_of("{}"), std::string::npos) << name;
    EXPECT_EQ(slots_of(name).size(), 1U) << name;
    EXPECT_EQ(tag_of(name), tag_of(name));
  }
}

TEST(redis_layout, side_keys_are_no_names) {
  for (const char* name : {"stock/42", "a}b", "{u}a", "{}x", "}"}) {
    const resource_keys keys{name};
    EXPECT_FALSE(reads_as_side_key(name));
    for (const auto key : keys.all().subspan(1)) EXPECT_TRUE(reads_as_side_key(key)) << key;
    EXPECT_EQ(name_of_lease(keys.lease()), name);
    EXPECT_EQ(name_of_lease(keys.all()[2]), std::nullopt);
  }
  EXPECT_TRUE(reads_as_side_key("{x}:holdfast:whatever"));
  EXPECT_FALSE(reads_as_side_key("{x}:holdfastx"));
  EXPECT_FALSE(reads_as_side_key("x{x}:holdfast:lease:x"));
  EXPECT_EQ(name_of_lease("{x}:holdfast:lease:y"), std::nullopt);
  EXPECT_EQ(name_of_lease("{x}:holdfast:lease:"), std::nullopt);
}

TEST(redis_layout, patterns_take_names_literally) {
  EXPECT_EQ(lease_pattern(""), "{*}:holdfast:lease:*");
  EXPECT_EQ(lease_pattern("a*b[c]?\\^"), "{*}:holdfast:lease:a\\*b\\[c\\]\\?\\\\\\^*");
}

RC_GTEST_PROP(redis_layout_property, all_keys_of_a_name_share_its_slot, ()) {
  RC_ASSERT(slots_of(*braced_name()).size() == 1U);
}

RC_GTEST_PROP(redis_layout_property, no_two_names_share_a_key, ()) {
  std::map<std::string, std::string> owners;
  for (const auto& name : *rc::gen::container<std::vector<std::string>>(braced_name())) {
    if (reads_as_side_key(name)) continue;
    const resource_keys keys{name};
    for (const auto key : keys.all()) {
      const auto [known, is_new] = owners.emplace(std::string{key}, name);
      RC_ASSERT(is_new || known->second == name);
    }
  }
}

RC_GTEST_PROP(redis_layout_property, a_record_tells_its_name, ()) {
  const auto name = *braced_name();
  const resource_keys keys{name};
  RC_ASSERT(name_of_lease(keys.lease()) == std::string_view{name});
}

}  // namespace
}  // namespace holdfast::redis
