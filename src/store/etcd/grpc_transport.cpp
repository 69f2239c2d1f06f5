#include "store/etcd/grpc_transport.hpp"

#include <grpcpp/client_context.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/rpc_method.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include "store/etcd/errors.hpp"
#include "store/etcd/grpc_channels.hpp"
#include "store/etcd/grpc_codec.hpp"
#include "store/etcd/grpc_keep_alive.hpp"
#include "store/etcd/grpc_login.hpp"
#include "store/etcd/grpc_watch.hpp"
#include "store/etcd/keep_alives.hpp"
#include "store/etcd/one_at_a_time.hpp"

namespace holdfast::etcd {
namespace {

using std::chrono::milliseconds;

constexpr const char* txn_path = "/etcdserverpb.KV/Txn";
constexpr const char* grant_path = "/etcdserverpb.Lease/LeaseGrant";
constexpr const char* revoke_path = "/etcdserverpb.Lease/LeaseRevoke";
constexpr const char* time_to_live_path = "/etcdserverpb.Lease/LeaseTimeToLive";
constexpr const char* authenticate_path = "/etcdserverpb.Auth/Authenticate";
constexpr const char* status_path = "/etcdserverpb.Maintenance/Status";

class grpc_transport final : public transport {
 public:
  explicit grpc_transport(const cluster& what)
      : what_{what}, channels_{what_}, login_{std::make_shared<grpc_login>(what_)} {}

  committed commit(const transaction& what, time_point by) override {
    wire::TxnResponse answer;
    committed made;
    static_cast<reply&>(made) = call(txn_path, encode(what), answer, by);
    decode(answer, made);
    return made;
  }

  lease_reply grant(std::int64_t seconds, time_point by) override {
    wire::LeaseGrantRequest request;
    request.set_ttl(seconds);
    wire::LeaseGrantResponse answer;
    lease_reply made;
    static_cast<reply&>(made) = call(grant_path, request, answer, by);
    made.lease = answer.id();
    made.seconds = made.granted = answer.ttl();
    return made;
  }

  lease_reply keep_alive(lease_id lease, time_point by) override try {
    lease_reply made;
    static_cast<reply&>(made) = persist(by, [&](const attempt& a) -> attempted {
      const auto open = [&](std::shared_ptr<keep_alive_sink> sink) {
        return open_keep_alive_stream(a.way.channel, a.token, std::move(sink));
      };
      auto answer = keep_alives_.ask(lease, {a.way.route, a.token}, open, a.limit);
      if (auto* failed = std::get_if<rpc_error>(&answer)) return std::move(*failed);
      made = std::get<lease_reply>(std::move(answer));
      return made.from;
    });
    return made;
  } catch (const std::system_error&) {  // No thread to be had for the stream.
    return keep_alive_apart(lease, by);
  }

  /// A stream by its definition. One request and one answer on it look the same as a plain call, have a deadline like
  /// one, and leave nothing open.
  lease_reply keep_alive_apart(lease_id lease, time_point by) override {
    wire::LeaseKeepAliveRequest request;
    request.set_id(lease);
    wire::LeaseKeepAliveResponse answer;
    const auto how = call(keep_alive_path, request, answer, by);
    auto made = decode(answer);
    static_cast<reply&>(made) = how;
    return made;
  }

  lease_reply time_to_live(lease_id lease, bool with_keys, time_point by) override {
    wire::LeaseTimeToLiveRequest request;
    request.set_id(lease);
    request.set_keys(with_keys);
    wire::LeaseTimeToLiveResponse answer;
    lease_reply made;
    static_cast<reply&>(made) = call(time_to_live_path, request, answer, by);
    made.lease = answer.id();
    made.seconds = answer.ttl();
    made.granted = answer.grantedttl();
    for (auto& key : *answer.mutable_keys()) made.keys.push_back(std::move(key));
    return made;
  }

  void revoke(lease_id lease, time_point by) override {
    wire::LeaseRevokeRequest request;
    request.set_id(lease);
    wire::LeaseRevokeResponse answer;
    call(revoke_path, request, answer, by);
  }

  std::string version(time_point by) override {
    wire::StatusResponse answer;
    call(status_path, wire::StatusRequest{}, answer, by);
    return answer.version();
  }

  std::unique_ptr<watch_stream> watch(std::shared_ptr<watch_sink> sink) override {
    if (login_->needed()) return nullptr;
    const auto token = login_->token();
    return open_watch_stream(channels_.current().channel, token, std::move(sink),
                             [login = login_, token] { login->refused(token); });
  }

  std::uint64_t route() const noexcept override { return channels_.route(); }

 private:
  /// Where a request goes to now, and for how long.
  struct attempt {
    grpc_channels::way way;
    std::string token;
    time_point limit;
  };
  /// Who answered, or what went wrong.
  using attempted = std::variant<header, rpc_error>;

  /// One attempt after another: with another member where one fails, with another login where it ran out.
  template <class Try>
  reply persist(time_point by, Try&& once) {
    bool repeated = false;
    bool logged_in = false;
    for (unsigned tries = 1;; ++tries) {
      auto way = channels_.current();
      if (login_->needed()) log_in(by);
      const attempt now{.way = std::move(way), .token = login_->token(), .limit = attempt_limit(tries, by)};
      const auto sent = boot_clock::now();
      let_connect(*now.way.channel, now.limit);
      auto how = once(now);
      if (const auto* from = std::get_if<header>(&how)) return {.from = *from, .sent = sent, .repeated = repeated};
      auto& why = std::get<rpc_error>(how);
      why.endpoint = now.way.endpoint;
      if (needs_login(why) && login_->possible() && !std::exchange(logged_in, true)) {
        login_->refused(now.token);
        continue;
      }
      if (!worth_another_member(why)) give_up(why, repeated);
      repeated = repeated || !surely_not_sent(why);
      channels_.pass_over(now.way.route);
      if (!pause_before(tries + 1, repeated, by)) give_up(why, repeated);
    }
  }

  template <class Request, class Answer>
  reply call(const char* path, const Request& request, Answer& answer, time_point by) {
    return persist(by, [&](const attempt& a) -> attempted {
      answer.Clear();
      const auto how = call_once(*a.way.channel, path, request, answer, a.token, a.limit);
      if (how.ok()) return header_of(answer.header());
      return rpc_error{.code = how.error_code(), .message = how.error_message(), .endpoint = {}};
    });
  }

  [[noreturn]] void give_up(const rpc_error& why, bool repeated) const {
    auto told = explain(why, what_.shown);
    told.unknown = told.unknown || repeated;
    throw told;
  }

  /// Leaves time for the members that were not asked yet.
  [[nodiscard]] time_point attempt_limit(unsigned tries, time_point by) const {
    const auto asked = (tries - 1) % channels_.size();
    const auto left = by - boot_clock::now();
    const auto share = left / static_cast<long>(channels_.size() - asked);
    return std::min(by, boot_clock::now() + std::max<duration>(share, milliseconds{100}));
  }

  /// False when there is no use in another try: no time is left, or nobody could even be reached.
  bool pause_before(unsigned tries, bool somebody_there, time_point by) const {
    const auto round = (tries - 1) / channels_.size();
    if (boot_clock::now() >= by) return false;
    if ((tries - 1) % channels_.size() != 0) return true;
    if (!somebody_there) return false;
    const auto pause =
        std::min<duration>(milliseconds{25} * (1 << std::min<std::size_t>(round, 4)), by - boot_clock::now());
    std::this_thread::sleep_for(pause);
    return boot_clock::now() < by;
  }

  /// gRPC gets on with a connection only while somebody waits on it, and refuses a call at once while the last try to
  /// connect has failed: so, without this, a member that came back would not be noticed for seconds.
  static void let_connect(grpc::Channel& to, time_point limit) {
    constexpr duration longest = milliseconds{200};
    if (to.GetState(true) != GRPC_CHANNEL_TRANSIENT_FAILURE) return;
    const auto left = std::min<duration>(longest, limit - boot_clock::now());
    to.WaitForConnected(std::chrono::system_clock::now() + left);
  }

  template <class Request, class Answer>
  static grpc::Status call_once(grpc::Channel& to, const char* path, const Request& request, Answer& answer,
                                const std::string& token, time_point limit) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + (limit - boot_clock::now()));
    context.AddMetadata("hasleader", "true");  // A member that is cut off says so at once.
    if (!token.empty()) context.AddMetadata("token", token);
    const grpc::internal::RpcMethod method{path, grpc::internal::RpcMethod::NORMAL_RPC};
    return grpc::internal::BlockingUnaryCall<Request, Answer, grpc::protobuf::MessageLite, grpc::protobuf::MessageLite>(
        &to, method, &context, request, &answer);
  }

  /// One thread does for all: etcd takes its time over a password.
  void log_in(time_point by) {
    const one_at_a_time::turn alone{logging_in_, by};
    if (!login_->needed()) return;
    wire::AuthenticateRequest request;
    request.set_name(login_->user());
    request.set_password(login_->password());
    wire::AuthenticateResponse answer;
    for (unsigned tries = 1;; ++tries) {
      const auto way = channels_.current();
      const auto limit = attempt_limit(tries, by);
      let_connect(*way.channel, limit);
      const auto how = call_once(*way.channel, authenticate_path, request, answer, {}, limit);
      if (how.ok()) return login_->succeeded(answer.token());
      const rpc_error why{.code = how.error_code(), .message = how.error_message(), .endpoint = way.endpoint};
      if (has_no_users(why)) return login_->succeeded({});
      if (!worth_another_member(why)) give_up(why, false);
      channels_.pass_over(way.route);
      if (!pause_before(tries + 1, !surely_not_sent(why), by)) give_up(why, false);
    }
  }

  const cluster what_;
  grpc_channels channels_;
  const std::shared_ptr<grpc_login> login_;
  one_at_a_time logging_in_;
  keep_alives keep_alives_;
};

}  // namespace

std::unique_ptr<transport> connect(const cluster& what) { return std::make_unique<grpc_transport>(what); }

}  // namespace holdfast::etcd
