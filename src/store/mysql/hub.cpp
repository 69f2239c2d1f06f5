#include "store/mysql/hub.hpp"

#include <map>
#include <mutex>
#include <string>

#include "core/per_process.hpp"
#include "store/mysql/pace.hpp"
#include "store/mysql/schema.hpp"

namespace holdfast::mysql {
namespace {

struct hubs {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<hub>> all;
};

/// All that makes a difference; NUL is in no part.
std::string key_of(const settings& to) {
  std::string key;
  const auto add = [&](const std::string& part) { key.append(part).append(1, '\0'); };
  for (const auto& [host, port] : to.hosts) add(host + ':' + std::to_string(port));
  for (const auto* part :
       {&to.user, &to.password, &to.database, &to.socket, &to.table, &to.ca, &to.certificate, &to.key, &to.shown})
    add(*part);
  add(std::to_string(to.connect_timeout.count()));
  return key;
}

}  // namespace

hub::hub(const settings& to)
    : names_{to.table, '`', to.shown},
      pool_{std::make_shared<pool>(to)},
      tables_{std::make_shared<protocol>(names_)},
      poller_{pool_, tables_} {}

std::shared_ptr<hub> hub::of(const settings& to) {
  auto& known = core::per_process<hubs>();
  const std::lock_guard lock{known.mutex};
  std::erase_if(known.all, [](const auto& each) { return each.second.expired(); });
  auto& place = known.all[key_of(to)];
  auto made = place.lock();
  if (!made) place = made = std::make_shared<hub>(to);
  return made;
}

void hub::make_ready(connection& on, time_point by) {
  if (ready_.load(std::memory_order_acquire)) return;
  if (!tables_->tables_are_there(on, by) || incomplete_.load()) {
    make_schema(on, names_, by);
    if (!tables_->tables_are_there(on, by))
      throw failure{{errc::misconfigured, shown() + ": holdfast's tables were made, and are not there"}};
    incomplete_ = false;
  }
  ready_.store(true, std::memory_order_release);
}

bool hub::may_try_again(const failure& why, unsigned tries, time_point by) {
  constexpr duration longest_pause = std::chrono::milliseconds{64};
  switch (why.mends) {
    case failure::remedy::make_tables:  // Somebody removed them.
      incomplete_ = true;
      ready_ = false;
      return tries < 3;
    case failure::remedy::wait_again:
      // Cut off in the middle, nobody would know whether it was carried out.
      if (boot_clock::now() + lock_wait >= by) return false;
      [[fallthrough]];
    case failure::remedy::again: {
      const duration pause = std::min<duration>(std::chrono::milliseconds{1 << std::min(tries, 6U)}, longest_pause);
      if (boot_clock::now() + pause >= by) return false;
      std::this_thread::sleep_for(pause);
      return true;
    }
    default:
      return false;
  }
}

void hub::add_what_came_before(failure& to, const status& before) const {
  const std::string where = shown() + ": ";
  std::string earlier = before.message();
  if (earlier.starts_with(where)) earlier.erase(0, where.size());
  const std::string last = to.why.message();
  if (last.find(earlier) == last.npos)
    to.why = {static_cast<errc>(to.why.code().value()), last + "; before that, " + earlier};
}

}  // namespace holdfast::mysql
