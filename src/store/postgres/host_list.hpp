#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "store/postgres/options.hpp"

namespace holdfast::postgres {

/// The hosts that libpq's parameters name, of which one after the other can be left out. Decides only.
class host_list {
 public:
  explicit host_list(parameter_list from);
  [[nodiscard]] bool several() const noexcept { return hosts_.size() > 1; }
  [[nodiscard]] std::size_t count() const noexcept { return hosts_.size(); }
  /// Those that are left, and all else.
  [[nodiscard]] const parameter_list& parameters() const noexcept { return parameters_; }
  /// Leaves out the one that libpq calls so; the first, if none is.
  void drop(const char* host, const char* port);

 private:
  parameter_list parameters_;
  std::vector<std::pair<std::string, std::string>> hosts_;  // and their ports; empty where libpq alone knows them
};

}  // namespace holdfast::postgres
