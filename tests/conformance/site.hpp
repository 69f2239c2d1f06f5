#pragma once

#include <memory>
#include <string>

#include "core/store.hpp"

namespace holdfast::conformance {

/// A place where one store lives while a test runs, empty at first. Each program of the suite has one kind of it.
class site {
 public:
  site() = default;
  site(const site&) = delete;
  site& operator=(const site&) = delete;
  virtual ~site();

  [[nodiscard]] virtual std::string url() const = 0;
  /// Another client's end of the store. The site is still there after all of them are gone.
  virtual std::unique_ptr<core::store> open() = 0;
  /// The time that the clients go by.
  [[nodiscard]] virtual time_point now() const = 0;
  /// Returns once `span` has passed at the clients and at the store.
  virtual void pass(duration span) = 0;
  /// How long after a lease ran out the store may be at freeing it.
  [[nodiscard]] virtual duration lateness() const { return std::chrono::milliseconds{20}; }
  /// Whether a lease is the store's alone: it stands when its client is gone, and answers to another client that knows
  /// the owner. Else it is bound to the client's connection, and ends with it.
  [[nodiscard]] virtual bool outlives_clients() const { return true; }
  /// How many requests at once a test may make where many are wanted.
  [[nodiscard]] virtual int crowd() const { return 500; }
};

/// The store of `module` at `url`; throws holdfast::error.
std::unique_ptr<core::store> opened(const core::store_module& module, const std::string& url,
                                    const core::store_options& options);

/// Defined once in each program.
std::unique_ptr<site> make_site();

}  // namespace holdfast::conformance
