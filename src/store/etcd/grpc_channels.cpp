#include "store/etcd/grpc_channels.hpp"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace holdfast::etcd {
namespace {

/// gRPC starts threads of its own: a program's signals are for the program's.
class signals_blocked {
 public:
  signals_blocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

 private:
  sigset_t before_;
};

/// What goes wrong is in the errors: gRPC need not write it to stderr as well. In a program that uses gRPC
/// already, or says what it wants of it ($GRPC_VERBOSITY), that is left alone.
void quieten_grpc() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (grpc_is_initialized() == 0 && std::getenv("GRPC_VERBOSITY") == nullptr)
      gpr_set_log_verbosity(static_cast<gpr_log_severity>(GPR_LOG_SEVERITY_ERROR + 1));
  });
}

/// The system's, for gRPC would look for a file of its own.
std::string system_authorities() {
  for (const char* path :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}) {
    std::ifstream file{path, std::ios::binary};
    if (file) return {std::istreambuf_iterator<char>{file}, {}};
  }
  return {};
}

std::shared_ptr<grpc::ChannelCredentials> credentials_of(const cluster& what) {
  if (!what.tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = what.ca.empty() ? system_authorities() : what.ca;
  options.pem_cert_chain = what.certificate;
  options.pem_private_key = what.key;
  return grpc::SslCredentials(options);
}

int milliseconds(duration span) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
}

}  // namespace

grpc_channels::grpc_channels(const cluster& what) : what_{what}, channels_(what.endpoints.size()) {}

std::shared_ptr<grpc::Channel> grpc_channels::make(const std::string& endpoint) const {
  const signals_blocked blocked;
  quieten_grpc();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  // What is sent again and where is decided here.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // One attempt's bound. A member that starts takes connections before it answers on them: better soon anew.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, std::clamp(milliseconds(what_.connect_timeout), 100, 2000));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // A member that is gone without a word; etcd allows no pings more often than each 5 s.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  // Another client of this process, or another user, has connections of its own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (what_.tls && !what_.server_name.empty()) arguments.SetSslTargetNameOverride(what_.server_name);
  return grpc::CreateCustomChannel(endpoint, credentials_of(what_), arguments);
}

grpc_channels::way grpc_channels::current() {
  const auto route = this->route();
  const auto index = route % channels_.size();
  const std::lock_guard lock{mutex_};
  auto& channel = channels_[index];
  if (!channel) channel = make(what_.endpoints[index]);
  return {.channel = channel, .endpoint = what_.endpoints[index], .route = route};
}

void grpc_channels::pass_over(std::uint64_t route) noexcept {
  route_.compare_exchange_strong(route, route + 1, std::memory_order_acq_rel);
}

}  // namespace holdfast::etcd
