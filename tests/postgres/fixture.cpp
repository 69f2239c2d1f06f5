#include "fixture.hpp"

#include <sys/stat.h>

namespace holdfast::postgres::test {

postgres_server::options stepped_server::with(const holdfast::testing::temporary_folder& folder) {
  ::chmod(folder.path().c_str(), 0755);
  holdfast::testing::write_file(folder.file("offset"), "+0\n");
  postgres_server::options made;
  made.environment = {{"LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"},
                      {"FAKETIME_TIMESTAMP_FILE", folder.file("offset")},
                      {"FAKETIME_NO_CACHE", "1"},
                      {"FAKETIME_DONT_FAKE_MONOTONIC", "1"},
                      {"DONT_FAKE_MONOTONIC", "1"}};
  return made;
}

}  // namespace holdfast::postgres::test
