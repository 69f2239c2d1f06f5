#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/store.hpp"
#include "store/memory/model.hpp"

namespace holdfast::memory {

/// One client's end of a place: takes its hints. Thread-safe.
class listener {
 public:
  void set(core::store::turn_callback callback);
  void call(const core::owner_id& owner);
  /// When it returns, no call is going on (but for one that this very thread is in), nor will another begin.
  void stop();

 private:
  // Recursive, for a callback may destroy its store and so get to `stop` again.
  std::recursive_mutex calling_;
  std::shared_ptr<const core::store::turn_callback> callback_;
};

/// A model that many clients share. Thread-safe.
class place {
 public:
  using token_mark = std::atomic<std::uint64_t>;

  /// Keeps `highest_token` up to date.
  place(time_point opened, std::uint64_t first_token, std::shared_ptr<token_mark> highest_token)
      : model_{opened, first_token}, highest_token_{std::move(highest_token)} {}

  session_id join(const std::shared_ptr<listener>& who);
  void leave(session_id session);

  /// Runs `verb(model, now)` alone, and then gives out the hints that came of it.
  template <class Verb>
  auto carry_out(const clock& time, Verb&& verb) {
    std::vector<std::pair<std::shared_ptr<listener>, core::owner_id>> calls;
    auto answer = [&] {
      const std::lock_guard lock{mutex_};
      auto made = verb(model_, time.now());
      highest_token_->store(model_.highest_token(), std::memory_order_relaxed);
      for (const auto& hint : model_.take_hints())
        if (const auto found = listeners_.find(hint.session); found != listeners_.end())
          calls.emplace_back(found->second, hint.owner);
      return made;
    }();
    for (const auto& [who, owner] : calls) who->call(owner);
    return answer;
  }

 private:
  std::mutex mutex_;
  model model_;
  const std::shared_ptr<token_mark> highest_token_;
  session_id last_session_ = 0;
  std::map<session_id, std::shared_ptr<listener>> listeners_;
};

/// The place of that name, made at need (`opened` is its clock's present); a new one each time for the empty name.
/// Where a place of that name was before, the tokens go on from there.
std::shared_ptr<place> find_place(const std::string& name, time_point opened);

}  // namespace holdfast::memory
