#include "holdfast/client.hpp"

#include <exception>
#include <utility>

#include "core/client_core.hpp"
#include "core/lock_checks.hpp"
#include "core/resource.hpp"

namespace holdfast {

namespace {

constexpr std::size_t page_size = 256;

/// Memory may run out anywhere; nothing else that the calls below do throws.
template <class Call>
status without_throwing(Call&& call) noexcept {
  try {
    return call();
  } catch (const error& e) {
    return {static_cast<errc>(e.code().value()), e.what()};
  } catch (const std::exception& e) {
    return {errc::internal, e.what()};
  }
}

status moved_from() { return {errc::closed, "this client was moved from"}; }

/// For holders that have no owner id, but what the listings tell in its place: another program's. It ends by its token,
/// so that no later turn can be hit.
status break_foreign(const core::client_core& in, std::string_view name, std::string_view owner) {
  resource_view view;
  if (auto seen = in.at().inspect(name, view, in.verb_limit()); !seen.ok()) return seen;
  for (const auto& each : view.holders)
    if (each.who.owner == owner && each.token.value() != 0)
      return in.at().break_lease(name, each.token.value(), std::nullopt, in.verb_limit());
  if (owner.empty() || owner.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return {errc::invalid_argument, "an owner id has 32 hex digits"};
  return {errc::not_held, "nobody holds it by that owner id"};
}

}  // namespace

client::client(std::string_view url, client_options options)
    : core_{core::client_core::open(url, std::move(options))} {}
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;
client::~client() = default;

bool client::locks_outlive_program() const noexcept { return core_ && core_->traits().outlives_client; }

std::string client::store() const { return core_ ? core_->shown_url() : std::string{}; }

status client::ping() noexcept {
  return without_throwing([&]() -> status {
    if (!core_) return moved_from();
    if (auto bad = core_->usable(); !bad.ok()) return bad;
    return core_->located(core_->at().ping(core_->verb_limit()));
  });
}

status client::close(duration within) noexcept {
  return without_throwing([&]() -> status { return core_ ? core_->close(within) : moved_from(); });
}

status client::acquire(held_lock& out, std::string_view name, lock_options lock, wait_options wait) noexcept {
  return without_throwing([&]() -> status {
    if (!core_) return moved_from();
    if (auto bad = core_->usable(); !bad.ok()) return bad;
    if (auto bad = core::check_lock(name, lock); !bad.ok()) return bad;
    held_lock made;
    status result = core_->resource_of(name)->acquire(core_, lock, wait, made.turn_);
    if (result.ok()) out = std::move(made);
    return result;
  });
}

held_lock client::acquire(std::string_view name, lock_options lock, wait_options wait) {
  held_lock made;
  if (auto result = acquire(made, name, std::move(lock), std::move(wait)); !result.ok()) throw error{result};
  return made;
}

status client::inspect(std::string_view name, resource_view& view) noexcept {
  return without_throwing([&]() -> status {
    if (!core_) return moved_from();
    if (auto bad = core_->usable(); !bad.ok()) return bad;
    if (auto bad = core::check_name(name); !bad.ok()) return bad;
    return core_->located(core_->at().inspect(name, view, core_->verb_limit()), name);
  });
}

status client::list(std::string_view prefix, std::string_view cursor, resource_page& page) noexcept {
  return without_throwing([&]() -> status {
    if (!core_) return moved_from();
    if (auto bad = core_->usable(); !bad.ok()) return bad;
    return core_->located(core_->at().list(prefix, cursor, page_size, page, core_->verb_limit()));
  });
}

status client::break_lease(std::string_view name, fencing_token token) noexcept {
  return without_throwing([&]() -> status {
    if (!core_) return moved_from();
    if (auto bad = core_->usable(); !bad.ok()) return bad;
    if (auto bad = core::check_name(name); !bad.ok()) return bad;
    return core_->located(core_->at().break_lease(name, token.value(), std::nullopt, core_->verb_limit()), name);
  });
}

status client::break_owner(std::string_view name, std::string_view owner) noexcept {
  return without_throwing([&]() -> status {
    if (!core_) return moved_from();
    if (auto bad = core_->usable(); !bad.ok()) return bad;
    if (auto bad = core::check_name(name); !bad.ok()) return bad;
    const auto id = core::owner_id::from_hex(owner);
    if (!id.nil()) return core_->located(core_->at().break_lease(name, std::nullopt, id, core_->verb_limit()), name);
    return core_->located(break_foreign(*core_, name, owner), name);
  });
}

status client::schema(std::string& text) noexcept {
  return without_throwing([&]() -> status {
    if (!core_) return moved_from();
    if (auto bad = core_->usable(); !bad.ok()) return bad;
    return core_->located(core_->at().schema(text));
  });
}

status client::clean_up(std::uint64_t& forgotten) noexcept {
  return without_throwing([&]() -> status {
    if (!core_) return moved_from();
    forgotten = 0;
    std::string cursor;
    do {
      if (auto bad = core_->usable(); !bad.ok()) return bad;
      if (auto how = core_->at().clean_up(cursor, forgotten, core_->verb_limit()); !how.ok())
        return core_->located(how);
    } while (!cursor.empty());
    return {};
  });
}

}  // namespace holdfast
