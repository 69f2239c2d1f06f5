#pragma once

#include <string>

#include "holdfast/inspection.hpp"

namespace holdfast::cli {

/// Whether it is a client of another program: nothing is known of it but what it holds by.
bool is_foreign(const party& who);
/// Who that is, for people.
std::string who_text(const party& who);

}  // namespace holdfast::cli
