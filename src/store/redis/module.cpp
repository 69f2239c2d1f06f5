#include <chrono>
#include <memory>
#include <utility>

#include "holdfast/version.hpp"
#include "store/redis/checks.hpp"
#include "store/redis/connection.hpp"
#include "store/redis/errors.hpp"
#include "store/redis/listener.hpp"
#include "store/redis/settings.hpp"
#include "store/redis/store.hpp"
#include "store/redis/tls.hpp"

/// The entry: puts connections, listener and verbs together.
namespace holdfast::redis {
namespace {

using tls_pointer = std::shared_ptr<const tls_context>;

class listening_ear final : public ear {
 public:
  listening_ear(const settings& where, const tls_pointer& with, std::string channel, duration connect_timeout,
                ear_callbacks tell)
      : listener_{where, with, std::move(channel), listener::options{.connect_timeout = connect_timeout},
                  listener::callbacks{.message = std::move(tell.heard), .missed = std::move(tell.missed)}} {}
  status ready(time_point by) override { return listener_.ready(by); }

 private:
  listener listener_;
};

tls_pointer tls_for(const settings& where) {
  if (!where.tls) return nullptr;
  try {
    return std::make_shared<const tls_context>(where);
  } catch (const failure& bad) {
    throw error{bad.why};
  }
}

std::unique_ptr<core::store> make_store(const core::url& from, const core::store_options& options) {
  const auto where = settings::of(from);
  const auto with = tls_for(where);
  connection::options how{.command_timeout = options.command_timeout, .connect_timeout = options.connect_timeout};
  links made;
  how.suspicion = std::chrono::milliseconds{200};  // Short leases can't wait for the command_timeout.
  made.keeper = std::make_unique<connection>(where, with, how);
  how.suspicion = {};
  how.inquire = [look = std::make_shared<checks>(where, options.warn)](const std::vector<reply>& answers) {
    return look->next(answers);
  };
  made.verbs = std::make_unique<connection>(where, with, std::move(how));
  made.listen = [where, with, bound = options.connect_timeout](std::string channel, ear_callbacks tell) {
    return std::make_unique<listening_ear>(where, with, std::move(channel), bound, std::move(tell));
  };
  made.shown = where.shown;
  made.warn = options.warn;
  return open_store(std::move(made));
}

status open_module(const core::url& where, const core::store_options& options,
                   std::unique_ptr<core::store>& made) noexcept {
  return core::open_without_throwing(made, [&] { return make_store(where, options); });
}

constexpr core::store_module module{HOLDFAST_VERSION_STRING, open_module};

}  // namespace
}  // namespace holdfast::redis

const holdfast::core::store_module* holdfast_store_redis() noexcept { return &holdfast::redis::module; }
