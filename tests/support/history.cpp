#include "support/history.hpp"

#include <algorithm>
#include <sstream>
#include <tuple>

#include "support/process.hpp"

namespace holdfast::testing {

std::vector<std::string> faults_of(std::vector<turn_record> history) {
  std::sort(history.begin(), history.end(), [](const turn_record& a, const turn_record& b) {
    return std::tie(a.resource, a.began, a.token) < std::tie(b.resource, b.began, b.token);
  });
  std::vector<std::string> faults;
  for (std::size_t i = 1; i < history.size(); ++i) {
    const auto& before = history[i - 1];
    const auto& after = history[i];
    if (before.resource != after.resource) continue;
    const auto both = " (tokens " + std::to_string(before.token) + " and " + std::to_string(after.token) + " of '" +
                      after.resource + "')";
    if (after.token == before.token) faults.push_back("a token was given twice" + both);
    if (after.token < before.token) faults.push_back("a later turn has a lower token" + both);
    if (after.began < before.ended)
      faults.push_back("two turns overlap by " + std::to_string(before.ended - after.began) + " ns" + both);
  }
  return faults;
}

std::string turn_script(const std::string& file, const std::string& work) {
  return "b=$(date +%s%N); " + work + "; echo \"$HOLDFAST_NAME $HOLDFAST_TOKEN $b $(date +%s%N)\" >> " + file;
}

std::vector<turn_record> read_history(const std::string& file) {
  std::istringstream lines{read_file(file)};
  std::vector<turn_record> all;
  turn_record one;
  while (lines >> one.resource >> one.token >> one.began >> one.ended) all.push_back(one);
  return all;
}

}  // namespace holdfast::testing
