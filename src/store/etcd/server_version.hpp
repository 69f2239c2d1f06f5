#pragma once

#include <string>
#include <string_view>

namespace holdfast::etcd {

/// What is known to be wrong with that version of etcd that weakens a promise, and the version that mends it. Empty: nothing.
std::string known_faults(std::string_view version);

}  // namespace holdfast::etcd
