#include "store/etcd/grpc_keep_alive.hpp"

#include <thread>
#include <utility>

#include "core/worker.hpp"
#include "store/etcd/grpc_codec.hpp"
#include "store/etcd/grpc_conversation.hpp"

namespace holdfast::etcd {
namespace {

class keeping_alive final : public grpc_conversation<wire::LeaseKeepAliveRequest, wire::LeaseKeepAliveResponse> {
 public:
  keeping_alive(std::shared_ptr<grpc::Channel> to, const std::string& token, std::shared_ptr<keep_alive_sink> sink)
      : grpc_conversation{std::move(to), token, keep_alive_path}, sink_{std::move(sink)} {}

 private:
  void on_heard(wire::LeaseKeepAliveResponse& what) override { sink_->on_answer(decode(what)); }

  void on_ended(const grpc::Status& how) override {
    rpc_error why{.code = how.error_code(), .message = how.error_message(), .endpoint = {}};
    if (how.ok()) why = {.code = grpc::StatusCode::UNAVAILABLE, .message = "the stream was ended", .endpoint = {}};
    sink_->on_stream_lost(why);
  }

  const std::shared_ptr<keep_alive_sink> sink_;
};

class grpc_keep_alive_stream final : public keep_alive_stream {
 public:
  grpc_keep_alive_stream(std::shared_ptr<grpc::Channel> to, const std::string& token,
                         std::shared_ptr<keep_alive_sink> sink)
      : talk_{std::make_shared<keeping_alive>(std::move(to), token, std::move(sink))},
        thread_{core::start_worker("hf-etcd-alive", [talk = talk_] { talk->run(); })} {}

  ~grpc_keep_alive_stream() override {
    talk_->end();
    core::leave_worker(thread_);
  }

  void ask(lease_id lease) override {
    wire::LeaseKeepAliveRequest what;
    what.set_id(lease);
    talk_->say(std::move(what));
  }

 private:
  const std::shared_ptr<keeping_alive> talk_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<keep_alive_stream> open_keep_alive_stream(std::shared_ptr<grpc::Channel> to, const std::string& token,
                                                          std::shared_ptr<keep_alive_sink> sink) {
  return std::make_unique<grpc_keep_alive_stream>(std::move(to), token, std::move(sink));
}

}  // namespace holdfast::etcd
