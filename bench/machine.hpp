#pragma once

#include <sched.h>

#include <cstddef>
#include <string>

namespace holdfast::bench {

/// While it lives, the calling thread and what it starts run on one CPU: placement alone moves such figures manyfold.
class pinned {
 public:
  /// The last one of those allowed, unless it is given.
  explicit pinned(int cpu = -1);
  ~pinned();
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;

 private:
  cpu_set_t before_;
};

/// Bytes of this process that are in memory.
std::size_t resident_bytes();

/// Seconds on a CPU of this process's thread of that name, since it began; 0 if there is none.
double thread_seconds(const std::string& name);

/// "load 1.20 of 2 CPUs", for the reader who judges the figures.
std::string load_text();

}  // namespace holdfast::bench
