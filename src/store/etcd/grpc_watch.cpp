#include "store/etcd/grpc_watch.hpp"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/async_stream.h>

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "core/worker.hpp"
#include "store/etcd/grpc_codec.hpp"

namespace holdfast::etcd {
namespace {

wire::WatchRequest cancel_of(std::int64_t watch) {
  wire::WatchRequest what;
  what.mutable_cancel_request()->set_watch_id(watch);
  return what;
}

/// Kept by the thread until the stream has ended.
class conversation {
 public:
  conversation(std::shared_ptr<grpc::Channel> to, const std::string& token, std::shared_ptr<watch_sink> sink,
               std::function<void()> on_refused)
      : channel_{std::move(to)}, sink_{std::move(sink)}, on_refused_{std::move(on_refused)} {
    context_.AddMetadata("hasleader", "true");
    if (!token.empty()) context_.AddMetadata("token", token);
    grpc::TemplatedGenericStub<wire::WatchRequest, wire::WatchResponse> stub{channel_};
    stream_ = stub.PrepareCall(&context_, "/etcdserverpb.Watch/Watch", &events_);
  }

  void say(wire::WatchRequest what) {
    const std::lock_guard lock{mutex_};
    if (ended_) return;
    unsaid_.push_back(std::move(what));
    if (may_write_) write_next();
  }

  void end() {
    const std::lock_guard lock{mutex_};
    ended_ = true;
    context_.TryCancel();
  }

  /// The thread's. Each operation that was begun comes back once.
  void run() {
    stream_->StartCall(tag(began));
    unsigned pending = 1;
    bool failed = false;
    void* what = nullptr;
    bool good = false;
    while (pending > 0 && events_.Next(&what, &good)) {
      --pending;
      failed = failed || !good;
      if (what == tag(began) && good) {
        stream_->Read(&heard_, tag(was_read));
        ++pending;
        const std::lock_guard lock{mutex_};
        may_write_ = true;
        write_next();
      } else if (what == tag(was_read) && good) {
        hear();
        stream_->Read(&heard_, tag(was_read));
        ++pending;
      } else if (what == tag(was_written) && good) {
        const std::lock_guard lock{mutex_};
        may_write_ = true;
        write_next();
      }
      const std::lock_guard lock{mutex_};
      pending += std::exchange(writes_begun_, 0U);
      if (failed) {  // Nothing new is begun; what is under way comes back.
        ended_ = true;
        may_write_ = false;
      }
    }
    finish();
    sink_->on_stream_lost();
    told_all_ = true;
  }
  [[nodiscard]] bool told_all() const noexcept { return told_all_; }

 private:
  enum operation : std::uintptr_t { began = 1, was_read, was_written, ended };
  static void* tag(operation what) { return reinterpret_cast<void*>(what); }

  void write_next() {  // mutex_ is held
    if (unsaid_.empty() || !may_write_ || ended_) return;
    saying_ = std::move(unsaid_.front());
    unsaid_.pop_front();
    may_write_ = false;
    ++writes_begun_;
    stream_->Write(saying_, tag(was_written));
  }

  void hear() {
    const auto watch = heard_.watch_id();
    if (heard_.created() && heard_.canceled()) {  // The login's token has run out, and with it the stream's use.
      on_refused_();
      sink_->on_refused();
      return;
    }
    if (heard_.created()) sink_->on_watching(watch, heard_.header().revision());
    for (auto& each : *heard_.mutable_events()) {
      if (each.type() != wire::Event::DELETE) continue;
      const auto before = each.has_prev_kv() ? entry_of(*each.mutable_prev_kv()) : entry{};
      if (!sink_->on_deleted(watch, before, each.kv().mod_revision())) say(cancel_of(watch));
    }
    if (heard_.canceled() || heard_.compact_revision() != 0) sink_->on_watch_lost(watch);
  }

  void finish() {
    grpc::Status how;
    void* what = nullptr;
    bool good = false;
    context_.TryCancel();
    stream_->Finish(&how, tag(ended));
    events_.Next(&what, &good);
    events_.Shutdown();
    while (events_.Next(&what, &good)) {
    }
  }

  const std::shared_ptr<grpc::Channel> channel_;
  const std::shared_ptr<watch_sink> sink_;
  const std::function<void()> on_refused_;
  std::atomic<bool> told_all_{false};
  grpc::ClientContext context_;
  grpc::CompletionQueue events_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<wire::WatchRequest, wire::WatchResponse>> stream_;
  wire::WatchResponse heard_;
  std::mutex mutex_;
  std::deque<wire::WatchRequest> unsaid_;  // guarded by mutex_, like all below
  wire::WatchRequest saying_;
  unsigned writes_begun_ = 0;
  bool may_write_ = false;
  bool ended_ = false;
};

class grpc_watch_stream final : public watch_stream {
 public:
  grpc_watch_stream(std::shared_ptr<grpc::Channel> to, const std::string& token, std::shared_ptr<watch_sink> sink,
                    std::function<void()> on_refused)
      : talk_{std::make_shared<conversation>(std::move(to), token, std::move(sink), std::move(on_refused))},
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
  const std::shared_ptr<conversation> talk_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<watch_stream> open_watch_stream(std::shared_ptr<grpc::Channel> to, const std::string& token,
                                                std::shared_ptr<watch_sink> sink, std::function<void()> on_refused) {
  return std::make_unique<grpc_watch_stream>(std::move(to), token, std::move(sink), std::move(on_refused));
}

}  // namespace holdfast::etcd
