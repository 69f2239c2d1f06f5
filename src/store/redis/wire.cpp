#include "store/redis/wire.hpp"

#include <array>
#include <charconv>

namespace holdfast::redis {

namespace {

void append_count(std::string& to, char type, std::size_t count) {
  std::array<char, 24> text;
  text[0] = type;
  char* const end = std::to_chars(text.data() + 1, text.data() + text.size() - 2, count).ptr;
  end[0] = '\r';
  end[1] = '\n';
  to.append(text.data(), static_cast<std::size_t>(end + 2 - text.data()));
}

}  // namespace

void append_command(std::string& to, std::span<const std::string_view> words) {
  append_count(to, '*', words.size());
  for (const auto word : words) {
    append_count(to, '$', word.size());
    to.append(word).append("\r\n");
  }
}

}  // namespace holdfast::redis
