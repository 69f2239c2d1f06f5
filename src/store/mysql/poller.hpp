#pragma once

#include <cstdint>
#include <memory>

#include "core/owner_id.hpp"
#include "holdfast/clock.hpp"
#include "store/mysql/member.hpp"
#include "store/mysql/pool.hpp"
#include "store/mysql/protocol.hpp"

namespace holdfast::mysql {

/// Asks the server for all waiters of all of a process's clients together whether a turn has come, and gives their
/// signs of life, on a thread and a connection of its own: at most 20 statements a second, however many wait. Cleans up
/// now and then. The thread begins with the first waiter.
class poller {
 public:
  poller(std::shared_ptr<pool> connections, std::shared_ptr<protocol> tables);
  ~poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// `owner` waits, with `place` others before it; it looks for itself at `look_at`.
  void enter(const std::shared_ptr<member>& of, const core::owner_id& owner, std::uint32_t place, time_point look_at);
  void leave(const core::owner_id& owner) noexcept;
  /// All of its waiters.
  void leave(const member& who) noexcept;
  /// Somebody of this process handed on; perhaps to one of those that wait here.
  void told(const mysql::told& next);
  /// Whether a look that `owner` takes by its timer may go to the server. If not, `place` is what is known.
  bool may_look(const core::owner_id& owner, std::uint32_t& place);
  void clean_soon();

 private:
  class loop;
  std::shared_ptr<loop> loop_;
};

}  // namespace holdfast::mysql
