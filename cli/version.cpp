#include "version.hpp"

#include <cstdio>

#include "exit_code.hpp"
#include "holdfast/version.hpp"
#include "log.hpp"

namespace holdfast::cli {

int print_version() {
  const bool written = std::puts("holdfast " HOLDFAST_VERSION_STRING) >= 0 && std::fflush(stdout) == 0;
  if (!written) say("can't write to standard output");
  return written ? exit_ok : exit_internal;
}

}  // namespace holdfast::cli
