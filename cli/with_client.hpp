#pragma once

#include <functional>
#include <string>

#include "exit_code.hpp"
#include "holdfast/client.hpp"

/// What the commands have in common that ask the store one thing and print it.
namespace holdfast::cli {

/// Writes to stdout. The exit code.
int print(const std::string& text);
/// Says why, and gives the exit code for it.
int fail(const status& why);
/// Calls `what` with a client of that store (empty: the default); the exit code is its, or that of what went wrong.
int with_client(const std::string& store, const std::function<int(client&)>& what);

}  // namespace holdfast::cli
