#include "command_test.hpp"

#include <nlohmann/json.hpp>

namespace holdfast::testing {

std::string json_at(const std::string& text, const std::string& pointer) {
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return "(not JSON)";
  const nlohmann::json::json_pointer at{pointer};
  if (!parsed.contains(at)) return "(absent)";
  return parsed[at].is_string() ? parsed[at].get<std::string>() : parsed[at].dump();
}

int json_size(const std::string& text, const std::string& pointer) {
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  const nlohmann::json::json_pointer at{pointer};
  if (parsed.is_discarded() || !parsed.contains(at)) return -1;
  return static_cast<int>(parsed[at].size());
}

launch command_test::prepare(const words& arguments) {
  launch what;
  what.words = {HOLDFAST_COMMAND};
  what.words.insert(what.words.end(), arguments.begin(), arguments.end());
  what.environment = {{"HOLDFAST_STORE", store_}};
  return what;
}

process command_test::start(const words& arguments) { return process{prepare(arguments), folder_.path()}; }

ended command_test::holdfast(const words& arguments) {
  process one = start(arguments);
  const int code = one.wait();
  return {code, one.out(), one.err()};
}

command_test::words command_test::run_shell(const words& options, const std::string& name, const std::string& script) {
  words all{"run"};
  all.insert(all.end(), options.begin(), options.end());
  for (const char* word : {name.c_str(), "--", "sh", "-c", script.c_str()}) all.emplace_back(word);
  return all;
}

process command_test::start_holder(const std::string& name, const words& options) {
  static int count = 0;
  const std::string mark = folder_.file("holder-" + std::to_string(++count));
  process holder = start(run_shell(options, name, "echo $HOLDFAST_TOKEN > " + mark + "; exec sleep 1000"));
  EXPECT_TRUE(eventually([&] { return !read_file(mark).empty() || !holder.running(); }));
  EXPECT_TRUE(holder.running()) << holder.err();
  return holder;
}

std::string command_test::show(const std::string& name) { return holdfast({"show", "--json", name}).out; }

bool command_test::await_waiters(const std::string& name, int count) {
  return eventually([&] { return waiters_of(name) == count; });
}

}  // namespace holdfast::testing
