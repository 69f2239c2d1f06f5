#pragma once

#include <functional>
#include <string>
#include <vector>

#include "holdfast/status.hpp"
#include "store/redis/reply.hpp"
#include "store/redis/settings.hpp"

namespace holdfast::redis {

/// Looks, with a store's first connection, whether the server is set up to keep locks: its version, what it evicts,
/// what it keeps over a restart, what the ACL user may do. What it may not see it passes over. Does no I/O: it says what
/// to ask, in the first round trip and, only for a user with less than all rights, in another.
class checks {
 public:
  using commands = std::vector<std::vector<std::string>>;

  checks(const settings& where, std::function<void(const status&)> warn);

  /// Told the replies to what it asked before (none at first); what it asks now. Empty: nothing more.
  commands next(const std::vector<reply>& answers);

 private:
  enum class phase { settings, rights, done };

  void judge_info(const reply& server, const reply& memory);
  void judge_persistence(const reply& persistence, const reply& save);
  [[nodiscard]] bool has_all_rights(const reply& user);
  void judge_rights(const std::vector<reply>& answers);
  [[nodiscard]] commands ask_settings() const;
  [[nodiscard]] commands ask_rights() const;
  void warn(errc code, const std::string& what) const;

  const std::string shown_;
  const std::string user_;
  const std::function<void(const status&)> warn_;
  phase at_ = phase::settings;
};

}  // namespace holdfast::redis
