#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "core/url.hpp"
#include "holdfast/status.hpp"

namespace holdfast::core {

namespace {

std::string encode(const std::string& text, bool all) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain && !all) {
      result.push_back(c);
    } else {
      result.push_back('%');
      result.push_back("0123456789abcdef"[byte >> 4]);
      result.push_back("0123456789ABCDEF"[byte & 15]);
    }
  }
  return result;
}

auto bytes() { return rc::gen::container<std::string>(rc::gen::distinctFrom(rc::gen::arbitrary<char>(), '\0')); }

}  // namespace

RC_GTEST_PROP(url_property, what_is_encoded_comes_back, (bool all)) {
  const auto user = *bytes();
  const auto password = *bytes();
  const auto path = *bytes();
  const auto value = *bytes();
  const auto it = url::parse("pq://" + encode(user, all) + ":" + encode(password, all) + "@host:1/" +
                             encode(path, all) + "?name=" + encode(value, all));
  RC_ASSERT(it.user == user);
  RC_ASSERT(it.password == password);
  RC_ASSERT(it.path == "/" + path);
  RC_ASSERT(it.option("name") == value);
  RC_ASSERT(it.hosts.size() == 1U);
}

RC_GTEST_PROP(url_property, no_text_breaks_the_parser, ()) {
  // Mostly of characters that mean something.
  const auto text = *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::elementOf(std::string{":/?@#[]%,&=0aZ."}), rc::gen::arbitrary<char>()));
  const auto scheme = *rc::gen::elementOf(std::vector<std::string>{"", "redis:", "redis://", "sqlite:", "pq://u:p@h/"});
  try {
    const auto it = url::parse(scheme + text);
    RC_ASSERT(!it.scheme.empty());
  } catch (const error& why) {
    RC_ASSERT(why.code() == errc::invalid_argument);
    for (const char c : std::string{why.what()}) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20);
  }
}

RC_GTEST_PROP(url_property, no_password_is_ever_shown, ()) {
  // A password of a user who forgot to encode it, somewhere in it a word that occurs nowhere else.
  const auto piece = [] {
    return *rc::gen::container<std::string>(rc::gen::elementOf(std::string{":/?@#[]%,&=0a. "}));
  };
  const auto password = piece() + "hush" + piece();
  const auto before =
      *rc::gen::elementOf(std::vector<std::string>{"redis://me:", "redis://:", "redis:me:", "me:", "pq://h1:1,me:"});
  const auto after =
      *rc::gen::elementOf(std::vector<std::string>{"@h", "@h:1", "@h:x", "@h/p", "@h/p?a=b", "@[::1]", "@"});
  RC_PRE(before != "me:" || !password.starts_with("//"));  // That is a URL, and the word its host or user.
  std::string shown;
  try {
    shown = url::parse(before + password + after).shown;
  } catch (const error& why) {
    shown = why.what();
  }
  RC_ASSERT(shown.find("hush") == std::string::npos);
}

}  // namespace holdfast::core
