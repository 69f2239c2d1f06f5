#include "store/etcd/grpc_watch.hpp"

#include <thread>
#include <utility>

#include "core/worker.hpp"
#include "store/etcd/grpc_codec.hpp"
#include "store/etcd/grpc_conversation.hpp"

namespace holdfast::etcd {
namespace {

wire::WatchRequest cancel_of(std::int64_t watch) {
  wire::WatchRequest what;
  what.mutable_cancel_request()->set_watch_id(watch);
  return what;
}

class watching final : public grpc_conversation<wire::WatchRequest, wire::WatchResponse> {
 public:
  watching(std::shared_ptr<grpc::Channel> to, const std::string& token, std::shared_ptr<watch_sink> sink,
           std::function<void()> on_refused)
      : grpc_conversation{std::move(to), token, "/etcdserverpb.Watch/Watch"},
        sink_{std::move(sink)},
        on_refused_{std::move(on_refused)} {}

 private:
  void on_heard(wire::WatchResponse& what) override {
    const auto watch = what.watch_id();
    if (what.created() && what.canceled()) {  // The login's token has run out, and with it the stream's use.
      on_refused_();
      sink_->on_refused();
      return;
    }
    if (what.created()) sink_->on_watching(watch, what.header().revision());
    for (auto& each : *what.mutable_events()) {
      if (each.type() != wire::Event::DELETE) continue;
      const auto before = each.has_prev_kv() ? entry_of(*each.mutable_prev_kv()) : entry{};
      if (!sink_->on_deleted(watch, before, each.kv().mod_revision())) say(cancel_of(watch));
    }
    if (what.canceled() || what.compact_revision() != 0) sink_->on_watch_lost(watch);
  }

  void on_ended(const grpc::Status&) override { sink_->on_stream_lost(); }

  const std::shared_ptr<watch_sink> sink_;
  const std::function<void()> on_refused_;
};

class grpc_watch_stream final : public watch_stream {
 public:
  grpc_watch_stream(std::shared_ptr<grpc::Channel> to, const std::string& token, std::shared_ptr<watch_sink> sink,
                    std::function<void()> on_refused)
      : talk_{std::make_shared<watching>(std::move(to), token, std::move(sink), std::move(on_refused))},
        thread_{core::start_worker("hf-etcd-watch", [talk = talk_] { talk->run(); })} {}

  ~grpc_watch_stream() override {
    talk_->end();
    core::leave_worker(thread_);
  }

  void add(std::int64_t watch, const std::string& key) override {
    wire::WatchRequest what;
    auto& create = *what.mutable_create_request();
    create.set_key(key);
    create.add_filters(wire::WatchCreateRequest::NOPUT);
    create.set_prev_kv(true);
    create.set_watch_id(watch);
    talk_->say(std::move(what));
  }

  void remove(std::int64_t watch) override { talk_->say(cancel_of(watch)); }
  void end() noexcept override { talk_->end(); }
  [[nodiscard]] bool ended() const noexcept override { return talk_->told_all(); }

 private:
  const std::shared_ptr<watching> talk_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<watch_stream> open_watch_stream(std::shared_ptr<grpc::Channel> to, const std::string& token,
                                                std::shared_ptr<watch_sink> sink, std::function<void()> on_refused) {
  return std::make_unique<grpc_watch_stream>(std::move(to), token, std::move(sink), std::move(on_refused));
}

}  // namespace holdfast::etcd
