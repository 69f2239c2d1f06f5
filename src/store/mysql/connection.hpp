#pragma once

#include <mysql.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "holdfast/clock.hpp"
#include "store/mysql/prepared.hpp"
#include "store/mysql/rows.hpp"
#include "store/mysql/settings.hpp"

namespace holdfast::mysql {

struct result {
  std::uint64_t affected = 0;  ///< Rows that matched, of an UPDATE.
  std::uint64_t insert_id = 0;
  std::vector<std::vector<cell>> rows;
  time_point sent{};  ///< Just before it was written.
  time_point read{};  ///< Just after the answer was read.
};

/// One connection, used by one thread at a time. Every call throws `failure`.
class connection {
 public:
  connection(const settings& to, time_point by);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Carries out a prepared statement, which is prepared when it is used first. `text` must stay where it is for as
  /// long as the connection is used: its address stands for it.
  result run(const std::string& text, std::span<const argument> with, time_point by);
  result run(const std::string& text, std::initializer_list<argument> with, time_point by) {
    return run(text, std::span{with.begin(), with.size()}, by);
  }
  /// Carries out a text as it is, for what can't be prepared. No rows.
  void run_text(const std::string& text, time_point by);

  /// Whether the server closed it while it lay idle, if it did for some time.
  [[nodiscard]] bool dropped() const noexcept;
  [[nodiscard]] bool spoilt() const noexcept { return spoilt_; }
  /// It is to be closed rather than used again.
  void spoil() noexcept { spoilt_ = true; }
  /// How a connection is known to the server.
  struct identity {
    std::uint64_t id = 0;
    std::string client_end;  ///< A pattern for HOST in its list.
    std::string server;      ///< As the URL has it.
  };
  [[nodiscard]] const identity& who() const noexcept { return who_; }
  /// Whether the server has done away with that other connection, and with what it carried; ends it if not, where it can
  /// be told from others. False where this one leads to another server, which can't tell.
  /// `connected`: statements::connected.
  bool is_gone(const identity& other, const std::string& connected, time_point by);
  [[nodiscard]] const std::string& shown() const noexcept { return to_.shown; }

 private:
  void connect(const std::string& host, unsigned port, time_point by);
  void prepare_session(time_point by);
  prepared& statement(const std::string& text);
  template <class Exchange>
  void exchange(time_point by, Exchange&& body);

  const settings& to_;
  MYSQL handle_{};
  bool open_ = false;
  bool spoilt_ = false;
  time_point used_at_{};
  identity who_;
  std::unordered_map<const std::string*, std::unique_ptr<prepared>> statements_;
};

}  // namespace holdfast::mysql
