#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/owner_id.hpp"
#include "holdfast/clock.hpp"
#include "timeline.hpp"

namespace holdfast::sim {

/// A promise was broken.
struct violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One tenure as its client sees it.
struct tenure_record {
  core::owner_id owner;
  std::size_t resource = 0;
  time_point executed;   ///< When the store carried out the verb that granted it.
  time_point read;       ///< When its client had the answer.
  time_point deadline;   ///< Local.
  bool in_turn = false;  ///< Somebody believes to hold it.
  bool lost = false;
  /// The store forgot it, was told to break it, or had its clock stepped forward: others may hold the resource too.
  bool excused = false;

  [[nodiscard]] bool held(time_point now) const noexcept { return in_turn && !lost && now < deadline; }
};

/// Knows what really happened, and holds it against the promises.
class judge {
 public:
  judge(const timeline& time, std::size_t resources, bool tell);

  /// Writes a line of the history, if anybody reads it.
  void tell(const std::function<std::string()>& line) const;
  [[noreturn]] void fail(const std::string& what) const;
  [[nodiscard]] bool telling() const noexcept { return telling_; }

  /// A grant reached its client: its first turn begins.
  void granted(const std::shared_ptr<tenure_record>& who, std::uint64_t token, duration ttl);
  /// A client that is none of holdfast's believes to hold the resource.
  void granted_elsewhere(const std::shared_ptr<tenure_record>& who);
  /// The gate passed the tenure on.
  void passed(const tenure_record& who, std::uint64_t token);
  /// The client moved its deadline, after a renewal that the store carried out while `owner_held`.
  void renewed(tenure_record& who, time_point deadline, bool owner_held);
  void turn_over(tenure_record& who) { who.in_turn = false; }
  /// Where a tenure's client is gone, so are its beliefs.
  void client_gone(tenure_record& who);

  /// The store may free what it should not: it forgot, or its clock went forward.
  void disrupted();
  [[nodiscard]] bool disrupted_since(time_point when) const noexcept { return last_disruption_ >= when; }
  /// A hand-off that had long been settled awaits its claim again, after the store forgot: its token is as old.
  void revived(const core::owner_id& owner) { revived_.insert(owner); }
  void broken(std::size_t resource, const core::owner_id& owner);
  [[nodiscard]] bool ever_broken(const core::owner_id& owner) const { return broken_.contains(owner); }

  /// The store holds `resource` for `owner` (nil: nobody) now: whoever believes to hold it must be that.
  void compare(std::size_t resource, const core::owner_id& owner) const;
  /// Whether `who` believes rightly, at an instant at which it may not be wrong.
  void check_believed(const tenure_record& who, const core::owner_id& stored) const;

  /// Nothing will go wrong in this schedule: no request may fail.
  void expect_all_well() { all_well_ = true; }
  void request_failed() const {
    if (all_well_) fail("a request failed, and nothing was wrong");
  }

  /// At the end: tokens rose and were unique.
  void check_tokens() const;
  [[nodiscard]] std::uint64_t turns() const noexcept { return turns_; }

 private:
  struct mark {
    time_point at;
    std::uint64_t token;
    core::owner_id owner;
    bool stale;  ///< A further turn of a tenure that the store no longer knew.
  };
  struct place {
    std::vector<std::shared_ptr<tenure_record>> tenures;  ///< Those that may still be believed in.
    std::vector<mark> marks;
  };

  void begin(const std::shared_ptr<tenure_record>& who);

  const timeline& time_;
  std::vector<place> places_;
  std::set<core::owner_id> broken_;
  std::set<core::owner_id> revived_;
  time_point last_disruption_{};
  std::uint64_t turns_ = 0;
  bool telling_;
  bool all_well_ = false;
};

std::string name_of(const core::owner_id& owner);

}  // namespace holdfast::sim
