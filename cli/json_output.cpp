#include "json_output.hpp"

#include <nlohmann/json.hpp>

#include "escape.hpp"

// The only file that includes nlohmann's json, which is slow to compile.
namespace holdfast::cli {
namespace {

using json = nlohmann::ordered_json;

std::string text(const std::string& bytes) { return is_utf8(bytes) ? bytes : escape(bytes); }

std::int64_t milliseconds(duration span) { return std::chrono::duration_cast<std::chrono::milliseconds>(span).count(); }

template <class Number>
json or_null(const std::optional<Number>& value) {
  return value ? json(*value) : json(nullptr);
}

json of_party(const party& who) {
  json out;
  out["owner"] = text(who.owner);
  out["host"] = text(who.host);
  out["pid"] = who.pid;
  out["user"] = text(who.user);
  out["command"] = text(who.command);
  if (!who.note.empty()) out["note"] = text(who.note);
  return out;
}

json of_view(const resource_view& view) {
  json out;
  out["name"] = text(view.name);
  out["holders"] = json::array();
  for (const holder_view& holder : view.holders) {
    json one = of_party(holder.who);
    one["token"] = holder.token.value();
    one["held_ms"] = milliseconds(holder.held_for);
    one["expires_in_ms"] = milliseconds(holder.expires_in);
    one["claimed"] = holder.claimed;
    out["holders"].push_back(std::move(one));
  }
  out["waiters"] = json::array();
  for (const waiter_view& waiter : view.waiters) {
    json one = of_party(waiter.who);
    one["waiting_ms"] = milliseconds(waiter.waiting_for);
    one["alive"] = waiter.alive;
    out["waiters"].push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::string to_json(const run_outcome& of) {
  json out;
  out["outcome"] = of.outcome;
  out["exit_code"] = of.exit_code;
  out["resource"] = text(of.resource);
  out["store"] = text(of.store);
  out["token"] = of.token == 0 ? json(nullptr) : json(of.token);
  out["owner"] = of.owner.empty() ? json(nullptr) : json(text(of.owner));
  out["child_exit"] = or_null(of.child_exit);
  out["child_signal"] = or_null(of.child_signal);
  out["waited_ms"] = milliseconds(of.waited);
  out["held_ms"] = milliseconds(of.held);
  out["error"] = of.message.empty() ? json(nullptr) : json(text(of.message));
  return out.dump(2) + "\n";
}

std::string to_json(const resource_view& view) { return of_view(view).dump(2) + "\n"; }

std::string to_json(const std::vector<resource_view>& views, const std::string& store) {
  json out;
  out["store"] = text(store);
  out["resources"] = json::array();
  for (const resource_view& view : views) out["resources"].push_back(of_view(view));
  return out.dump(2) + "\n";
}

}  // namespace holdfast::cli
