#include "store/redis/parser.hpp"

#include <hiredis/read.h>

#include <algorithm>
#include <new>
#include <utility>

namespace holdfast::redis {

/// What hiredis calls for each element. Nothing may be thrown through it: a null is its "out of memory".
struct parser::builder {
  reply root;
  std::size_t elements = 0;
  std::size_t most_elements = 0;
  bool too_many = false;

  /// The element that the task is about. A nested array's address stays good while it is filled: its parent grows
  /// only after it.
  static reply* add(const redisReadTask* task) noexcept {
    auto& self = *static_cast<builder*>(task->privdata);
    if (++self.elements > self.most_elements) {
      self.too_many = true;
      return nullptr;
    }
    if (task->parent == nullptr) {
      self.root = reply{};
      return &self.root;
    }
    try {
      return &static_cast<reply*>(task->parent->obj)->items.emplace_back();
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }

  static void* text(const redisReadTask* task, char* bytes, std::size_t size) noexcept {
    reply* const made = add(task);
    if (made == nullptr) return nullptr;
    made->is = task->type == REDIS_REPLY_ERROR ? reply::kind::error : reply::kind::text;
    try {
      made->text.assign(bytes, size);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    return made;
  }
  static void* array(const redisReadTask* task, int) noexcept {
    reply* const made = add(task);
    if (made != nullptr) made->is = reply::kind::array;
    return made;
  }
  static void* integer(const redisReadTask* task, long long value) noexcept {
    reply* const made = add(task);
    if (made == nullptr) return nullptr;
    made->is = reply::kind::integer;
    made->number = value;
    return made;
  }
  static void* nil(const redisReadTask* task) noexcept { return add(task); }
  static void release(void*) noexcept {}

  static inline redisReplyObjectFunctions functions{text, array, integer, nil, release};
};

void parser::free_reader::operator()(redisReader* what) const noexcept { redisReaderFree(what); }

parser::parser(limits most)
    : most_{most}, builder_{std::make_unique<builder>()}, reader_{redisReaderCreateWithFunctions(&builder::functions)} {
  if (!reader_) throw std::bad_alloc{};
  builder_->most_elements = most_.elements;
  reader_->privdata = builder_.get();
}

parser::~parser() = default;

bool parser::fail(std::string why) {
  fault_ = std::move(why);
  return false;
}

/// Whether what is not read yet is a line without an end. hiredis would look through all of it again with each feed.
bool parser::line_is_too_long() const noexcept {
  const std::size_t left = reader_->len - reader_->pos;
  if (left <= limits::line) return false;
  const std::string_view start{reader_->buf + reader_->pos, limits::line};
  return start.find('\r') == start.npos;
}

bool parser::feed(std::string_view bytes, std::vector<reply>& into) {
  if (!fault_.empty()) return false;
  // In pieces, so that one huge reply is found to be too long before all of it is copied.
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, limits::line);
    bytes.remove_prefix(piece.size());
    if (redisReaderFeed(reader_.get(), piece.data(), piece.size()) != REDIS_OK) return fail("out of memory");
    taken_ += piece.size();
    while (true) {
      void* done = nullptr;
      if (redisReaderGetReply(reader_.get(), &done) != REDIS_OK)
        return fail(builder_->too_many ? "a reply has too many elements" : reader_->errstr);
      if (done == nullptr) break;
      into.push_back(std::move(builder_->root));
      builder_->elements = 0;
      taken_ = reader_->len - reader_->pos;
    }
    if (taken_ > most_.bytes) return fail("a reply is too long");
    if (line_is_too_long()) return fail("a line has no end");
  }
  return true;
}

}  // namespace holdfast::redis
