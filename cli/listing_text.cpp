#include "listing_text.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "duration_text.hpp"
#include "escape.hpp"
#include "who_text.hpp"

namespace holdfast::cli {
namespace {

// The wall-clock instant `span` ago, as this host tells it.
std::string since_text(duration span) {
  const auto then =
      std::chrono::system_clock::now() - std::chrono::duration_cast<std::chrono::system_clock::duration>(span);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(then);
  std::tm parts{};
  char text[40] = "?";
  if (::localtime_r(&seconds, &parts) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

// Columns as wide as their widest cell, within reason; bytes stand for columns, which is close enough.
std::string aligned(const std::vector<std::array<std::string, 7>>& rows) {
  constexpr std::size_t widest = 40;  // A cell beyond it pushes its own line to the right, and no other.
  std::array<std::size_t, 7> widths{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], std::min(row[i].size(), widest));
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      const std::size_t padding = widths[i] > row[i].size() ? widths[i] - row[i].size() : 0;
      out += row[i] + std::string(padding + 2, ' ');
    }
    out += row.back() + "\n";
  }
  return out;
}

void add_holder(std::string& out, const holder_view& holder) {
  out += "held by     " + who_text(holder.who) + (holder.claimed ? "\n" : " (handed off, not claimed yet)\n");
  if (!holder.who.command.empty()) out += "  command   " + escape(holder.who.command) + "\n";
  if (!holder.who.note.empty()) out += "  note      " + escape(holder.who.note) + "\n";
  if (!is_foreign(holder.who))
    out += "  since     " + since_text(holder.held_for) + " (" + show_duration(holder.held_for) + " ago)\n";
  out += "  expires   in " + show_duration(holder.expires_in) + " unless renewed\n";
  out += "  token     " + std::to_string(holder.token.value()) + "\n";
  out += "  owner     " + escape(holder.who.owner) + "\n";
}

}  // namespace

std::string to_table(const std::vector<resource_view>& views) {
  if (views.empty()) return "";
  std::vector<std::array<std::string, 7>> rows;
  rows.push_back({"NAME", "HOLDER", "HELD", "EXPIRES", "TOKEN", "WAITERS", "COMMAND"});
  for (const resource_view& view : views) {
    const std::string waiters = std::to_string(view.waiters.size());
    if (view.holders.empty()) rows.push_back({escape(view.name), "-", "-", "-", "-", waiters, "-"});
    for (const holder_view& holder : view.holders)
      rows.push_back({escape(view.name), who_text(holder.who),
                      is_foreign(holder.who) ? "?" : show_duration(holder.held_for), show_duration(holder.expires_in),
                      std::to_string(holder.token.value()), waiters, escape(holder.who.command)});
  }
  return aligned(rows);
}

std::string to_text(const resource_view& view) {
  std::string out = "name        " + escape(view.name) + "\n";
  if (view.holders.empty()) out += "free\n";
  for (const holder_view& holder : view.holders) add_holder(out, holder);
  out += "waiters     " + std::to_string(view.waiters.size()) + "\n";
  std::size_t place = 0;
  for (const waiter_view& waiter : view.waiters) {
    out += "  " + std::to_string(++place) + ". " + who_text(waiter.who);
    if (!is_foreign(waiter.who)) out += ", waiting for " + show_duration(waiter.waiting_for);
    if (!waiter.who.command.empty()) out += ": " + escape(waiter.who.command);
    out += waiter.alive ? "\n" : " (gone; it will be skipped)\n";
  }
  return out;
}

}  // namespace holdfast::cli
