#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "core/condition.hpp"
#include "store/etcd/transport.hpp"

namespace holdfast::testing {

/// An etcd within the process, as far as the store uses one: for where the real one's client can't be watched at its
/// work (thread sanitizer), and for faults that can't be had of a real one at will. One member. Thread-safe.
class fake_etcd : public std::enable_shared_from_this<fake_etcd> {
 public:
  static std::shared_ptr<fake_etcd> make() { return std::shared_ptr<fake_etcd>{new fake_etcd}; }
  ~fake_etcd();
  fake_etcd(const fake_etcd&) = delete;
  fake_etcd& operator=(const fake_etcd&) = delete;

  /// A client's way to it.
  std::unique_ptr<etcd::transport> connect();

  /// Another leader is elected: it renews every lease, as etcd's does.
  void elect();
  /// While deposed, the member renews as a leader does who has not yet learnt that there is another one; nothing that it
  /// renews lasts, and what takes a quorum is answered in another term.
  void depose(bool on);
  /// Ends every stream of watches.
  void cut_streams();
  [[nodiscard]] long requests() const;

 private:
  friend class fake_transport;
  friend class fake_stream;
  struct lease {
    std::int64_t seconds = 0;
    time_point expires;
  };
  struct watch {
    std::string key;
    bool told = false;
  };
  struct stream {
    std::shared_ptr<etcd::watch_sink> sink;
    std::map<std::int64_t, watch> watches;
    std::vector<std::tuple<std::int64_t, etcd::entry, etcd::revision>> deleted;  ///< To be told.
    std::vector<std::pair<std::int64_t, etcd::revision>> created;
    bool over = false;
    std::atomic<bool> told_all{false};
    core::condition changed;
  };

  fake_etcd();
  void expire_due(time_point now);
  etcd::header seen() const;
  etcd::committed commit(const etcd::transaction& what);
  bool holds(const etcd::created_is& what) const;
  etcd::result carry_out(const etcd::action& what, bool& wrote);
  etcd::result carry_out_read(const etcd::read& what) const;
  void check_leases(const std::vector<etcd::action>& actions) const;
  void write(const etcd::put& what);
  bool remove(const std::string& key);
  void drop_lease(etcd::lease_id which);

  mutable std::mutex mutex_;
  core::condition stopped_;
  std::map<std::string, etcd::entry> keys_;  // guarded by mutex_, like all below
  std::map<etcd::lease_id, lease> leases_;
  std::set<std::shared_ptr<stream>> streams_;
  etcd::revision at_ = 1;
  std::uint64_t term_ = 2;
  etcd::lease_id last_lease_ = 0x1000;
  long requests_ = 0;
  bool deposed_ = false;
  bool stopping_ = false;
  std::thread expirer_;
};

}  // namespace holdfast::testing
