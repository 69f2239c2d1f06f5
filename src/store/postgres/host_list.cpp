#include "store/postgres/host_list.hpp"

#include <algorithm>
#include <string_view>

namespace holdfast::postgres {
namespace {

std::string* find(parameter_list& in, std::string_view name) {
  const auto found = std::find_if(in.begin(), in.end(), [&](const auto& each) { return each.first == name; });
  return found == in.end() ? nullptr : &found->second;
}

std::vector<std::string> parted(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t comma = 0; comma != text.npos; text.remove_prefix(comma == text.npos ? 0 : comma + 1)) {
    comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
  }
  return parts;
}

template <class Part>
std::string joined(const std::vector<std::pair<std::string, std::string>>& hosts, Part part) {
  std::string made;
  for (const auto& each : hosts) made.append(&each == &hosts.front() ? "" : ",").append(each.*part);
  return made;
}

}  // namespace

host_list::host_list(parameter_list from) : parameters_{std::move(from)} {
  const auto* const named = find(parameters_, "host");
  if (named == nullptr || find(parameters_, "hostaddr") != nullptr) return;
  const auto names = parted(*named);
  const auto* const numbers = find(parameters_, "port");
  auto ports = numbers == nullptr ? std::vector<std::string>{} : parted(*numbers);
  if (ports.size() == 1) ports.resize(names.size(), ports.front());
  if (!ports.empty() && ports.size() != names.size()) return;  // libpq tells of it.
  for (std::size_t i = 0; i < names.size(); ++i) hosts_.emplace_back(names[i], ports.empty() ? "" : ports[i]);
}

void host_list::drop(const char* host, const char* port) {
  const auto is = [](const std::string& given, const char* now) { return now != nullptr && given == now; };
  auto which = std::find_if(hosts_.begin(), hosts_.end(), [&](const auto& each) {
    return is(each.first, host) && (each.second.empty() || is(each.second, port));
  });
  if (which == hosts_.end()) which = hosts_.begin();
  hosts_.erase(which);
  using named = std::pair<std::string, std::string>;
  *find(parameters_, "host") = joined(hosts_, &named::first);
  if (auto* const ports = find(parameters_, "port")) *ports = joined(hosts_, &named::second);
}

}  // namespace holdfast::postgres
