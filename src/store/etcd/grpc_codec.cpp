#include "store/etcd/grpc_codec.hpp"

#include <utility>

namespace holdfast::etcd {
namespace {

template <class... Ts>
struct overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

void encode_compare(const created_is& what, wire::Compare& to) {
  to.set_result(wire::Compare::EQUAL);
  to.set_target(wire::Compare::CREATE);
  to.set_key(what.key);
  to.set_range_end(what.end);
  to.set_create_revision(what.created);
}

void encode_put(const put& what, wire::PutRequest& to) {
  to.set_key(what.key);
  to.set_value(what.value);
  to.set_lease(what.lease);
}

void encode_read(const read& what, wire::RangeRequest& to) {
  to.set_key(what.key);
  to.set_range_end(what.end);
  to.set_limit(what.limit);
  to.set_revision(what.at);
  to.set_keys_only(what.keys_only);
  to.set_max_create_revision(what.created_by);
  if (what.in == read::order::by_key) return;
  to.set_sort_target(wire::RangeRequest::CREATE);
  to.set_sort_order(what.in == read::order::newest_first ? wire::RangeRequest::DESCEND : wire::RangeRequest::ASCEND);
}

void encode_action(const action& what, wire::RequestOp& to) {
  std::visit(overloaded{[&](const put& p) { encode_put(p, *to.mutable_request_put()); },
                        [&](const erase& e) { to.mutable_request_delete_range()->set_key(e.key); },
                        [&](const read& r) { encode_read(r, *to.mutable_request_range()); },
                        [&](const put_if_absent& p) {
                          auto& inner = *to.mutable_request_txn();
                          encode_compare({.key = p.what.key, .end = {}, .created = 0}, *inner.add_compare());
                          encode_put(p.what, *inner.add_success()->mutable_request_put());
                        }},
             what);
}

result decode_one(wire::ResponseOp& from) {
  result made;
  switch (from.response_case()) {
    case wire::ResponseOp::kResponseRange: {
      auto& range = *from.mutable_response_range();
      made.count = range.count();
      made.more = range.more();
      made.entries.reserve(static_cast<std::size_t>(range.kvs_size()));
      for (auto& each : *range.mutable_kvs()) made.entries.push_back(entry_of(each));
      break;
    }
    case wire::ResponseOp::kResponseDeleteRange:
      made.count = from.response_delete_range().deleted();
      break;
    case wire::ResponseOp::kResponseTxn:
      made.done = from.response_txn().succeeded();
      break;
    default:
      break;
  }
  return made;
}

}  // namespace

header header_of(const wire::ResponseHeader& from) {
  return {.member = from.member_id(), .at = from.revision(), .term = from.raft_term()};
}

entry entry_of(wire::KeyValue& from) {
  return {.key = std::move(*from.mutable_key()),
          .value = std::move(*from.mutable_value()),
          .created = from.create_revision(),
          .lease = from.lease()};
}

wire::TxnRequest encode(const transaction& what) {
  wire::TxnRequest made;
  for (const auto& each : what.when) encode_compare(each, *made.add_compare());
  for (const auto& each : what.then) encode_action(each, *made.add_success());
  for (const auto& each : what.otherwise) encode_action(each, *made.add_failure());
  return made;
}

void decode(wire::TxnResponse& from, committed& to) {
  to.succeeded = from.succeeded();
  to.results.reserve(static_cast<std::size_t>(from.responses_size()));
  for (auto& each : *from.mutable_responses()) to.results.push_back(decode_one(each));
}

lease_reply decode(const wire::LeaseKeepAliveResponse& from) {
  lease_reply made;
  made.from = header_of(from.header());
  made.lease = from.id();
  made.seconds = from.ttl();
  return made;
}

}  // namespace holdfast::etcd
