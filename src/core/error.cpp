#include "holdfast/status.hpp"

namespace holdfast {

error::error(const status& why) : std::system_error{why.code()}, message_{why.message()} {}

error::~error() = default;

const char* error::what() const noexcept { return message_.what(); }

}  // namespace holdfast
