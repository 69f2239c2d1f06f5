#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::sim {

/// What may go wrong with a shared connection, or happen out of turn. A run counts each; one that never occurred
/// fails the run.
enum class mishap : std::uint8_t {
  cut,             ///< The connection ends, with something in flight.
  short_write,     ///< Only a part of what was to be sent goes.
  failed_write,    ///< Nothing of it.
  hang,            ///< The server answers nothing any more.
  slow,            ///< One reply takes long.
  torn_reply,      ///< A reply comes in pieces.
  gave_up_queued,  ///< A caller's time passed before its command was sent.
  gave_up_sent,    ///< ... after it was.
  reader_gave_up,
  handed,      ///< A caller got its reply from another.
  overdue,     ///< The oldest reply took longer than the connection's timeout.
  late_reply,  ///< A reply came for a caller that had left.
  count
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(mishap::count)> mishap_names{
    "cut",          "short write",    "failed write", "hang",    "slow",      "torn reply", "gave up queued",
    "gave up sent", "reader gave up", "handed",       "overdue", "late reply"};

struct pipeline_tally {
  std::array<std::uint64_t, static_cast<std::size_t>(mishap::count)> of{};
  std::uint64_t calls = 0;
  std::uint64_t replied = 0;
};

/// Runs one seeded schedule of callers over a shared connection; what was broken, if anything was. `tell`: prints the
/// history.
std::optional<std::string> run_pipeline_schedule(std::uint64_t seed, bool tell, pipeline_tally& counts);

}  // namespace holdfast::sim
