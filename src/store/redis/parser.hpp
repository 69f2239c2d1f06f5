#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/reply.hpp"

struct redisReader;

namespace holdfast::redis {

/// Makes replies of the server's bytes, however they are cut. hiredis reads them; this bounds what it may take. For
/// one thread at a time.
class parser {
 public:
  struct limits {
    std::size_t bytes = 64 << 20;                  ///< Of one reply.
    std::size_t elements = 1 << 20;                ///< Of one reply, at every depth together.
    static constexpr std::size_t line = 64 << 10;  ///< Of a status, an error, a number or a length.
  };

  parser() : parser{limits{}} {}
  explicit parser(limits most);
  ~parser();
  parser(const parser&) = delete;
  parser& operator=(const parser&) = delete;

  /// Appends to `into` every reply that `bytes` completes. False if they are no replies (`fault` says what was wrong):
  /// nothing that comes after can be trusted.
  bool feed(std::string_view bytes, std::vector<reply>& into);
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

 private:
  struct builder;
  struct free_reader {
    void operator()(redisReader* what) const noexcept;
  };

  bool fail(std::string why);
  [[nodiscard]] bool line_is_too_long() const noexcept;

  const limits most_;
  std::unique_ptr<builder> builder_;
  std::unique_ptr<redisReader, free_reader> reader_;
  std::size_t taken_ = 0;  ///< Bytes fed since the last whole reply.
  std::string fault_;
};

}  // namespace holdfast::redis
