#include "core/registry.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/version.hpp"

// A store that is linked in defines its entry; one that is not leaves it null. (Visibility: a hidden weak declaration
// would always be null.)
#define HOLDFAST_STORE_ENTRY(name)                        \
  extern "C" __attribute__((weak, visibility("default"))) \
  const holdfast::core::store_module* holdfast_store_##name() noexcept
HOLDFAST_STORE_ENTRY(sqlite);
HOLDFAST_STORE_ENTRY(redis);
HOLDFAST_STORE_ENTRY(etcd);
HOLDFAST_STORE_ENTRY(postgres);
HOLDFAST_STORE_ENTRY(mysql);

// Always there; not weak, since a weak reference pulls nothing out of the archive that it is in.
extern "C" const holdfast::core::store_module* holdfast_store_memory() noexcept;

namespace holdfast::core {

namespace {

using entry = const store_module* (*)() noexcept;

struct known_scheme {
  std::string_view scheme;
  std::string_view store;
  entry linked;
};

// One row a scheme. The addresses are null where the store is not linked in.
const std::array known_schemes{
    known_scheme{"memory", "memory", holdfast_store_memory},
    known_scheme{"sqlite", "sqlite", holdfast_store_sqlite},
    known_scheme{"redis", "redis", holdfast_store_redis},
    known_scheme{"rediss", "redis", holdfast_store_redis},
    known_scheme{"unix", "redis", holdfast_store_redis},
    known_scheme{"etcd", "etcd", holdfast_store_etcd},
    known_scheme{"etcds", "etcd", holdfast_store_etcd},
    known_scheme{"postgres", "postgres", holdfast_store_postgres},
    known_scheme{"postgresql", "postgres", holdfast_store_postgres},
    known_scheme{"mysql", "mysql", holdfast_store_mysql},
};

[[noreturn]] void throw_unknown(const url& where) {
  std::string message = "unknown scheme '" + where.scheme + "' in the store's URL '" + where.shown + "'; known are";
  for (const auto& each : known_schemes) message.append(" ").append(each.scheme).append(":");
  throw error{{errc::invalid_argument, message}};
}

/// Where the stores lie that are loaded: `holdfast/` beside the shared library. A program that has the core linked in
/// finds them beside itself, in `lib/holdfast/` (a build tree) or `../lib/holdfast/` (an installation).
std::vector<std::string> modules_folders() {
#ifdef HOLDFAST_SHARED
  Dl_info self{};
  if (dladdr(reinterpret_cast<const void*>(&throw_unknown), &self) == 0 || self.dli_fname == nullptr)
    return {"holdfast/"};
  const std::string path = self.dli_fname;
  const auto slash = path.rfind('/');
  return {(slash == std::string::npos ? std::string{"."} : path.substr(0, slash)) + "/holdfast/"};
#else
  std::string path(4096, '\0');
  const auto length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0 || static_cast<std::size_t>(length) == path.size()) return {};
  path.resize(path.rfind('/', static_cast<std::size_t>(length)) + 1);
  return {path + "lib/holdfast/", path + "../" HOLDFAST_LIBDIR "/holdfast/"};
#endif
}

/// The file of that store's module; empty if there is none.
std::string module_path(const std::string& name) {
  for (std::string& path : modules_folders()) {
    path.append("libholdfast_").append(name).append(".so");
    if (::access(path.c_str(), F_OK) == 0) return std::move(path);
  }
  return {};
}

entry load(const known_scheme& what, const url& where) {
  const std::string name{what.store};
  const std::string path = module_path(name);
  if (path.empty())
    throw error{{errc::misconfigured, "the store for '" + where.shown + "' is not part of this program: it was built " +
                                          "or installed without holdfast's " + name + " component"}};
  // Never unloaded: its threads may run until the process ends.
  void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (module == nullptr) {
    const char* why = dlerror();
    throw error{{errc::misconfigured,
                 "the store for '" + where.shown + "' can't be loaded: " + (why != nullptr ? why : path.c_str())}};
  }
  void* found = dlsym(module, ("holdfast_store_" + name).c_str());
  if (found == nullptr) throw error{{errc::misconfigured, path + " is not a store of holdfast"}};
  return reinterpret_cast<entry>(found);
}

}  // namespace

std::shared_ptr<store> open_store(const url& where, const store_options& options) {
  const auto known = std::find_if(known_schemes.begin(), known_schemes.end(),
                                  [&](const known_scheme& each) { return each.scheme == where.scheme; });
  if (known == known_schemes.end()) throw_unknown(where);
  const entry made = known->linked != nullptr ? known->linked : load(*known, where);
  const store_module* module = made();
  if (std::strcmp(module->version, HOLDFAST_VERSION_STRING) != 0)
    throw error{{errc::misconfigured, "the store for '" + where.shown + "' is of holdfast " + module->version +
                                          ", the library of " HOLDFAST_VERSION_STRING ": install the same version"}};
  std::unique_ptr<store> opened;
  if (const status how = module->open(where, options, opened); !how.ok()) throw error{how};
  return opened;
}

}  // namespace holdfast::core
