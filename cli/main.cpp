#include <malloc.h>

#include <exception>
#include <string>
#include <variant>

#include "arguments.hpp"
#include "listing.hpp"
#include "log.hpp"
#include "run.hpp"
#include "upkeep.hpp"
#include "version.hpp"

namespace holdfast::cli {
namespace {

struct carry_out {
  int operator()(const nothing_to_do& what) const { return what.exit_code; }
  int operator()(const version_options&) const { return print_version(); }
  int operator()(const run_options& options) const { return run(options); }
  int operator()(const ls_options& options) const { return list(options); }
  int operator()(const show_options& options) const { return show(options); }
  int operator()(const break_options& options) const { return break_lease(options); }
  int operator()(const schema_options& options) const { return print_schema(options); }
  int operator()(const gc_options& options) const { return clean_up(options); }
};

}  // namespace
}  // namespace holdfast::cli

int main(int argc, char** argv) {
  using namespace holdfast::cli;
  // One heap for all threads: there are few, they do little, and each heap of its own costs more to set up than it saves.
  ::mallopt(M_ARENA_MAX, 1);
  try {
    return std::visit(carry_out{}, read_arguments(argc, argv));
  } catch (const std::exception& fault) {
    say(std::string{"internal fault: "} + fault.what());
  }
  return exit_internal;
}
