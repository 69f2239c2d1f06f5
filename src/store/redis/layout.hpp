#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Names of keys. The exclusive holder of NAME is the plain string key NAME, as every client of the common protocol has
/// it. Everything else is `{tag}:holdfast:<kind>:NAME`, in the hash slot of NAME, so that a script may touch both.
namespace holdfast::redis {

/// What the side keys of `name` have between their braces: the hash tag that `name` has itself, or else `name`. A name
/// without a usable tag in which a `}` stands (`a}b`, `{}x`, `}`) can't be put between braces: there it is the first
/// short text of the same slot.
std::string tag_of(std::string_view name);

/// Whether `name` reads as a side key of another name; nobody may lock it.
bool reads_as_side_key(std::string_view name) noexcept;

/// The name whose lease's record `key` is, if it is one.
std::optional<std::string_view> name_of_lease(std::string_view key);

/// A pattern for SCAN that matches the records of leases of all names that begin with `prefix` (and maybe others).
std::string lease_pattern(std::string_view prefix);

/// The keys of one resource, as the scripts want them: the name, its lease's record, its queue, its waiters.
class resource_keys {
 public:
  explicit resource_keys(std::string_view name);
  resource_keys(const resource_keys&) = delete;
  resource_keys& operator=(const resource_keys&) = delete;

  [[nodiscard]] std::span<const std::string_view, 4> all() const noexcept { return views_; }
  [[nodiscard]] std::string_view name() const noexcept { return views_[0]; }
  [[nodiscard]] std::string_view lease() const noexcept { return views_[1]; }

 private:
  std::string text_;
  std::array<std::string_view, 4> views_;
};

}  // namespace holdfast::redis
