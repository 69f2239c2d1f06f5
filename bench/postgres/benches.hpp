#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/store.hpp"
#include "figure.hpp"
#include "support/postgres_server.hpp"

namespace holdfast::bench {

using server = holdfast::testing::postgres_server;

std::vector<figure> bench_pair(server& on, bool quick);
std::vector<figure> bench_threads(server& on, bool quick);
std::vector<figure> bench_hand_off(server& on, bool quick);
std::vector<figure> bench_renewal(server& on, bool quick);

/// The store itself, without a client around it.
std::unique_ptr<core::store> open_store(const std::string& url);
core::request ask(std::string name);

}  // namespace holdfast::bench
