#include "bare_etcd.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/rpc_method.h>
#include <grpcpp/security/credentials.h>

#include <cstdio>
#include <stdexcept>

namespace holdfast::bench {
namespace {

template <class Request, class Answer>
void call(grpc::Channel& on, const char* path, const Request& request, Answer& answer) {
  grpc::ClientContext context;
  const grpc::internal::RpcMethod method{path, grpc::internal::RpcMethod::NORMAL_RPC};
  const auto how =
      grpc::internal::BlockingUnaryCall<Request, Answer, grpc::protobuf::MessageLite, grpc::protobuf::MessageLite>(
          &on, method, &context, request, &answer);
  if (!how.ok()) throw std::runtime_error{std::string{path} + ": " + how.error_message()};
}

}  // namespace

bare_etcd::bare_etcd(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ = grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), arguments);
}

std::int64_t bare_etcd::grant(std::int64_t seconds) {
  wire::LeaseGrantRequest request;
  request.set_ttl(seconds);
  wire::LeaseGrantResponse answer;
  call(*channel_, "/etcdserverpb.Lease/LeaseGrant", request, answer);
  return answer.id();
}

wire::TxnResponse bare_etcd::commit(const wire::TxnRequest& what) {
  wire::TxnResponse answer;
  call(*channel_, "/etcdserverpb.KV/Txn", what, answer);
  return answer;
}

std::int64_t bare_etcd::put(const std::string& key, const std::string& value, std::int64_t lease) {
  wire::TxnRequest request;
  auto& put = *request.add_success()->mutable_request_put();
  put.set_key(key);
  put.set_value(value);
  put.set_lease(lease);
  return commit(request).header().revision();
}

void bare_etcd::remove(const std::string& key) {
  wire::TxnRequest request;
  request.add_success()->mutable_request_delete_range()->set_key(key);
  commit(request);
}

bare_watch::bare_watch(const bare_etcd& on) {
  const grpc::internal::RpcMethod method{"/etcdserverpb.Watch/Watch", grpc::internal::RpcMethod::BIDI_STREAMING};
  stream_.reset(grpc::internal::ClientReaderWriterFactory<wire::WatchRequest, wire::WatchResponse>::Create(
      on.channel().get(), method, &context_));
}

bare_watch::~bare_watch() {
  context_.TryCancel();
  stream_->Finish();
}

void bare_watch::follow(const std::string& key, std::int64_t since) {
  wire::WatchRequest request;
  if (last_ != 0) {
    request.mutable_cancel_request()->set_watch_id(last_);
    stream_->Write(request);
  }
  auto& create = *request.mutable_create_request();
  create.set_key(key);
  create.set_start_revision(since);
  create.add_filters(wire::WatchCreateRequest::NOPUT);
  create.set_watch_id(++last_);
  stream_->Write(request);
  wire::WatchResponse answer;
  do
    if (!stream_->Read(&answer)) throw std::runtime_error{"the stream of watches ended"};
  while (!answer.created() || answer.watch_id() != last_);
}

void bare_watch::await_delete() {
  wire::WatchResponse answer;
  do
    if (!stream_->Read(&answer)) throw std::runtime_error{"the stream of watches ended"};
  while (answer.watch_id() != last_ || answer.events_size() == 0);
}

usual_recipe::usual_recipe(const std::string& endpoint, const std::string& name)
    : with_{endpoint}, watch_{with_}, prefix_{name + "/"}, lease_{with_.grant(600)} {
  char text[32];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(lease_));
  key_ = prefix_ + text;
}

void usual_recipe::lock() {
  wire::TxnRequest request;
  auto& compare = *request.add_compare();
  compare.set_target(wire::Compare::CREATE);
  compare.set_key(key_);
  compare.set_create_revision(0);
  auto& put = *request.add_success()->mutable_request_put();
  put.set_key(key_);
  put.set_lease(lease_);
  const auto end = prefix_.substr(0, prefix_.size() - 1) + '0';
  auto& first = *request.add_success()->mutable_request_range();
  first.set_key(prefix_);
  first.set_range_end(end);
  first.set_sort_target(wire::RangeRequest::CREATE);
  first.set_sort_order(wire::RangeRequest::ASCEND);
  first.set_limit(1);
  const auto queued = with_.commit(request);
  const auto mine = queued.header().revision();
  if (queued.responses(1).response_range().kvs(0).key() == key_) return;

  wire::TxnRequest look;
  auto& before = *look.add_success()->mutable_request_range();
  before.set_key(prefix_);
  before.set_range_end(end);
  before.set_sort_target(wire::RangeRequest::CREATE);
  before.set_sort_order(wire::RangeRequest::DESCEND);
  before.set_limit(1);
  before.set_max_create_revision(mine - 1);
  while (true) {
    const auto seen = with_.commit(look);
    if (seen.responses(0).response_range().kvs_size() == 0) return;
    watch_.follow(seen.responses(0).response_range().kvs(0).key(), seen.header().revision());
    watch_.await_delete();
  }
}

void usual_recipe::unlock() { with_.remove(key_); }

}  // namespace holdfast::bench
