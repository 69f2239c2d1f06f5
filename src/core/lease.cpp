#include "holdfast/lease.hpp"

#include <utility>

#include "core/turn.hpp"

namespace holdfast {

lease::lease() noexcept = default;
lease::lease(const lease&) noexcept = default;
lease::lease(lease&&) noexcept = default;
lease& lease::operator=(const lease&) noexcept = default;
lease& lease::operator=(lease&&) noexcept = default;
lease::~lease() = default;

lease::lease(std::shared_ptr<const core::turn> turn) noexcept : turn_{std::move(turn)} {}

fencing_token lease::token() const noexcept { return turn_ ? turn_->token() : fencing_token{}; }
bool lease::held() const noexcept { return turn_ && turn_->held(); }
time_point lease::deadline() const noexcept { return turn_ ? turn_->of().deadline() : time_point{}; }
std::stop_token lease::lost() const { return turn_ ? turn_->lost() : std::stop_token{}; }
bool lease::in_jeopardy() const noexcept { return turn_ && turn_->of().in_jeopardy(); }
std::string lease::owner() const { return turn_ ? turn_->of().owner().hex() : std::string{}; }

}  // namespace holdfast
