#include "cli/redis_site.hpp"

namespace holdfast::testing {

std::unique_ptr<command_site> make_command_site(const temporary_folder&) { return std::make_unique<redis_site>(); }

}  // namespace holdfast::testing
