#pragma once

#include <string>

namespace holdfast::etcd {

/// What is wrong with the files of a URL's options, as text for people; empty if nothing is. gRPC would say it late (at
/// the end of a request's time) and not in these words.
std::string fault_of_authorities(const std::string& pem);
std::string fault_of_identity(const std::string& certificates, const std::string& key);

}  // namespace holdfast::etcd
