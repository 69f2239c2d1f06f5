#include "store/mysql/prepared.hpp"

#include <algorithm>
#include <vector>

namespace holdfast::mysql {

void argument::bind(MYSQL_BIND& to) const noexcept {
  switch (is_) {
    case kind::null:
      to.buffer_type = MYSQL_TYPE_NULL;
      break;
    case kind::number:
      to.buffer_type = MYSQL_TYPE_LONGLONG;
      to.buffer = const_cast<std::int64_t*>(&number_);
      break;
    case kind::bytes:
      to.buffer_type = MYSQL_TYPE_BLOB;
      // Never a null pointer, which would be NULL.
      to.buffer = const_cast<char*>(bytes_.empty() ? "" : bytes_.data());
      to.buffer_length = bytes_.size();
      break;
  }
}

/// False if the place must be told of anew: it is of another kind now, or lies elsewhere.
bool prepared::put(const argument& what, place& into) {
  const auto null = argument::kind::null;
  bool stays = true;
  into.null = what.is() == null ? 1 : 0;
  if (what.is() != null && what.is() != into.is) {
    into.is = what.is();
    stays = false;
  }
  if (what.is() == argument::kind::number) into.number = what.number();
  if (what.is() == argument::kind::bytes) {
    const char* const lay = into.bytes.data();
    if (into.bytes.size() < what.bytes().size()) into.bytes.resize(what.bytes().size());
    std::copy(what.bytes().begin(), what.bytes().end(), into.bytes.begin());
    into.length = what.bytes().size();
    stays = stays && into.bytes.data() == lay;
  }
  return stays;
}

void prepared::bind_places(std::size_t count) {
  std::array<MYSQL_BIND, few> binds{};
  for (std::size_t i = 0; i < count; ++i) {
    place& each = (*places_)[i];
    const bool number = each.is == argument::kind::number;
    // What was never anything but NULL is sent as bytes, none of which are read.
    binds[i].buffer_type = number ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_BLOB;
    binds[i].buffer = number ? static_cast<void*>(&each.number) : each.bytes.data();
    binds[i].buffer_length = number ? sizeof each.number : each.bytes.size();
    binds[i].length = &each.length;
    binds[i].is_null = &each.null;
  }
  mysql_stmt_bind_param(handle(), binds.data());
}

void prepared::give(std::span<const argument> with) {
  if (with.empty()) return;
  if (with.size() > few) {
    std::vector<MYSQL_BIND> binds(with.size());
    for (std::size_t i = 0; i < with.size(); ++i) with[i].bind(binds[i]);
    mysql_stmt_bind_param(handle(), binds.data());
    return;
  }
  bool stay = places_ != nullptr;
  if (!stay) places_ = std::make_unique<places>();
  for (std::size_t i = 0; i < with.size(); ++i) stay = put(with[i], (*places_)[i]) && stay;
  if (!stay) bind_places(with.size());
}

}  // namespace holdfast::mysql
