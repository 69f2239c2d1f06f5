#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "store/etcd/transport.hpp"

namespace holdfast::testing {

/// What a test does just before a request goes out, and after its answer came. They may throw etcd::failure: before, the
/// request was never carried out; after, its answer was lost.
struct etcd_script {
  std::function<void(const etcd::transaction&)> before_commit = [](const auto&) {};
  std::function<void(const etcd::transaction&)> after_commit = [](const auto&) {};
  std::function<void()> before_keep_alive = [] {};
  std::function<void()> before_keep_alive_apart = [] {};

  /// Whether it would put a key for `name`.
  static bool puts(const etcd::transaction& what, const std::string& name) {
    if (what.then.empty()) return false;
    const auto* put = std::get_if<etcd::put>(&what.then.front());
    if (const auto* maybe = std::get_if<etcd::put_if_absent>(&what.then.front())) put = &maybe->what;
    return put != nullptr && put->key.starts_with(name + "/");
  }
};

/// A way to an etcd on which a script looks. Thread-safe as far as the script is.
class scripted_etcd final : public etcd::transport {
 public:
  scripted_etcd(std::unique_ptr<etcd::transport> to, std::shared_ptr<etcd_script> by)
      : to_{std::move(to)}, script_{std::move(by)} {}

  etcd::committed commit(const etcd::transaction& what, time_point by) override {
    script_->before_commit(what);
    auto answer = to_->commit(what, by);
    script_->after_commit(what);
    return answer;
  }
  etcd::lease_reply grant(std::int64_t seconds, time_point by) override { return to_->grant(seconds, by); }
  etcd::lease_reply keep_alive(etcd::lease_id lease, time_point by) override {
    script_->before_keep_alive();
    return to_->keep_alive(lease, by);
  }
  etcd::lease_reply keep_alive_apart(etcd::lease_id lease, time_point by) override {
    script_->before_keep_alive_apart();
    return to_->keep_alive_apart(lease, by);
  }
  etcd::lease_reply time_to_live(etcd::lease_id lease, bool with_keys, time_point by) override {
    return to_->time_to_live(lease, with_keys, by);
  }
  void revoke(etcd::lease_id lease, time_point by) override { to_->revoke(lease, by); }
  std::string version(time_point by) override { return to_->version(by); }
  std::unique_ptr<etcd::watch_stream> watch(std::shared_ptr<etcd::watch_sink> sink) override {
    return to_->watch(std::move(sink));
  }
  [[nodiscard]] std::uint64_t route() const noexcept override { return to_->route(); }

 private:
  const std::unique_ptr<etcd::transport> to_;
  const std::shared_ptr<etcd_script> script_;
};

}  // namespace holdfast::testing
