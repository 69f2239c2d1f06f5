#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "core/tenure.hpp"
#include "holdfast/fencing_token.hpp"

namespace holdfast::core {

/// One thread's use of a tenure. What a mutex or held_lock owns while locked, and what a `lease` looks at. Thread-safe.
class turn {
 public:
  turn(std::shared_ptr<tenure> of, std::uint64_t token) noexcept : tenure_{std::move(of)}, token_{token} {}

  [[nodiscard]] fencing_token token() const noexcept { return fencing_token{token_}; }
  [[nodiscard]] bool held() const noexcept { return !ended() && tenure_->held(); }
  [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
  /// True for the one caller that ends it.
  bool end() noexcept { return !ended_.exchange(true, std::memory_order_acq_rel); }
  [[nodiscard]] tenure& of() const noexcept { return *tenure_; }
  /// Made when first asked for: most turns end without anybody having asked.
  [[nodiscard]] std::stop_token lost() const;

 private:
  friend class tenure;

  std::shared_ptr<tenure> tenure_;
  std::uint64_t token_;
  mutable std::unique_ptr<std::stop_source> lost_;  // guarded by tenure_->mutex_
  bool told_ = false;                               // guarded by tenure_->mutex_
  std::atomic<bool> ended_{false};
};

}  // namespace holdfast::core
