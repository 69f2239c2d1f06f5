#pragma once

namespace holdfast::testing {

/// A port of 127.0.0.1 that nobody listens on, and that no other caller of this is given, in this program or another,
/// for as long as this program runs. No connection that leaves from here gets it by chance either. Thread-safe; throws
/// std::runtime_error if there is none.
int free_port();

}  // namespace holdfast::testing
