#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/async_stream.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace holdfast::etcd {

/// A call to one member that stays open, on which both sides speak as they like. A thread of its own runs it, and keeps
/// it until it has ended. Also while nothing is said: gRPC gets on with a connection only while somebody waits on it.
template <class Request, class Answer>
class grpc_conversation {
 public:
  grpc_conversation(std::shared_ptr<grpc::Channel> to, const std::string& token, const char* path)
      : channel_{std::move(to)} {
    context_.AddMetadata("hasleader", "true");
    if (!token.empty()) context_.AddMetadata("token", token);
    grpc::TemplatedGenericStub<Request, Answer> stub{channel_};
    stream_ = stub.PrepareCall(&context_, path, &events_);
  }
  virtual ~grpc_conversation() = default;
  grpc_conversation(const grpc_conversation&) = delete;
  grpc_conversation& operator=(const grpc_conversation&) = delete;

  /// Does not block.
  void say(Request what) {
    const std::lock_guard lock{mutex_};
    if (ended_) return;
    unsaid_.push_back(std::move(what));
    if (may_write_) write_next();
  }

  /// Does not block.
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
        on_heard(heard_);
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
    on_ended(finish());
    told_all_ = true;
  }
  [[nodiscard]] bool told_all() const noexcept { return told_all_; }

 private:
  enum operation : std::uintptr_t { began = 1, was_read, was_written, finished };
  static void* tag(operation what) { return reinterpret_cast<void*>(what); }

  /// On the thread, one call at a time.
  virtual void on_heard(Answer& what) = 0;
  /// The last call.
  virtual void on_ended(const grpc::Status& how) = 0;

  void write_next() {  // mutex_ is held
    if (unsaid_.empty() || !may_write_ || ended_) return;
    saying_ = std::move(unsaid_.front());
    unsaid_.pop_front();
    may_write_ = false;
    ++writes_begun_;
    stream_->Write(saying_, tag(was_written));
  }

  /// A call that failed knows why. Only one on which something was read that is no message may be open still.
  grpc::Status finish() {
    constexpr std::chrono::milliseconds enough{100};
    grpc::Status how;
    void* what = nullptr;
    bool good = false;
    stream_->Finish(&how, tag(finished));
    if (events_.AsyncNext(&what, &good, std::chrono::system_clock::now() + enough) == grpc::CompletionQueue::TIMEOUT) {
      context_.TryCancel();
      events_.Next(&what, &good);
    }
    events_.Shutdown();
    while (events_.Next(&what, &good)) {
    }
    return how;
  }

  const std::shared_ptr<grpc::Channel> channel_;
  std::atomic<bool> told_all_{false};
  grpc::ClientContext context_;
  grpc::CompletionQueue events_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<Request, Answer>> stream_;
  Answer heard_;
  std::mutex mutex_;
  std::deque<Request> unsaid_;  // guarded by mutex_, like all below
  Request saying_;
  unsigned writes_begun_ = 0;
  bool may_write_ = false;
  bool ended_ = false;
};

}  // namespace holdfast::etcd
