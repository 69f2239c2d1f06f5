#pragma once

#include <mysql.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::mysql {

/// An argument of a statement. Bytes are not copied: they must stay until it was sent.
class argument {
 public:
  enum class kind : std::uint8_t { null, number, bytes };

  argument(std::int64_t number) : is_{kind::number}, number_{number} {}
  argument(std::string_view bytes) : is_{kind::bytes}, bytes_{bytes} {}
  argument(std::nullptr_t) {}
  [[nodiscard]] kind is() const noexcept { return is_; }
  [[nodiscard]] std::int64_t number() const noexcept { return number_; }
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
  /// Describes this to libmariadb; it must stay where it is meanwhile.
  void bind(MYSQL_BIND& to) const noexcept;

 private:
  kind is_ = kind::null;
  std::int64_t number_ = 0;
  std::string_view bytes_;
};

/// A prepared statement. Few arguments are copied to places of its own, which libmariadb and the server are told of
/// once: told anew each time, both do as much work for that as for the arguments.
class prepared {
 public:
  /// `handle` was made by mysql_stmt_init.
  explicit prepared(MYSQL_STMT* handle) noexcept : handle_{handle} {}
  [[nodiscard]] MYSQL_STMT* handle() const noexcept { return handle_.get(); }
  /// For the next time that it is carried out. They must stay until it was sent.
  void give(std::span<const argument> with);

 private:
  static constexpr std::size_t few = 16;
  struct place {
    argument::kind is = argument::kind::null;
    my_bool null = 1;
    std::int64_t number = 0;
    unsigned long length = 0;
    std::string bytes;
  };
  using places = std::array<place, few>;
  struct close {
    void operator()(MYSQL_STMT* what) const noexcept { mysql_stmt_close(what); }
  };

  static bool put(const argument& what, place& into);
  void bind_places(std::size_t count);

  std::unique_ptr<MYSQL_STMT, close> handle_;
  std::unique_ptr<places> places_;
};

}  // namespace holdfast::mysql
