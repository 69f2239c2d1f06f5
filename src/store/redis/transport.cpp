#include "store/redis/transport.hpp"

#include <algorithm>
#include <utility>

#include "store/redis/errors.hpp"
#include "store/redis/wire.hpp"

namespace holdfast::redis {

namespace {

std::unique_ptr<socket> connect(const settings& where, time_point by) {
  if (!where.socket.empty()) return std::make_unique<socket>(socket::to_path(where.socket, where.shown, by));
  return std::make_unique<socket>(socket::to_host(where.hosts.front(), where.shown, by));
}

}  // namespace

transport::transport(const settings& where, const tls_context* with, time_point by)
    : shown_{where.shown}, wire_{connect(where, by)} {
  if (with == nullptr) return;
  secure_ = std::make_unique<tls>(*with, where, where.hosts.empty() ? std::string{} : where.hosts.front().host);
  shake_hands(by);
}

void transport::shake_hands(time_point by) {
  char piece[16384];
  std::string raw;
  const auto no_tls = [this](const std::string& what) {
    return failure{{errc::unavailable, shown_ + ": " + what + ": does the server speak TLS on this port?"}};
  };
  while (true) {
    bool done = false;
    try {
      done = secure_->shake_hands();
    } catch (const failure&) {
      try {
        secure_->take(raw);  // The alert that tells the server why.
        flush(raw, by);
      } catch (const failure&) {  // What went wrong first says more.
      }
      throw;
    }
    secure_->take(raw);
    flush(raw, by);
    if (done) return;
    const auto got = wire_->receive(piece, sizeof piece, boot_clock::now(), by);
    if (got.end) throw no_tls("the server closed the connection during the TLS handshake");
    if (got.error != 0) throw failure{explain_broken(got.error, shown_)};
    if (got.bytes == 0 && boot_clock::now() >= by) throw no_tls("no answer in time to the TLS handshake");
    secure_->feed({piece, got.bytes});
  }
}

void transport::flush(std::string& raw, time_point by) {
  std::string_view left{raw};
  while (!left.empty()) {
    const auto gone = wire_->send(left);
    if (gone.error != 0) throw failure{explain_broken(gone.error, shown_)};
    left.remove_prefix(gone.bytes);
    if (gone.nothing() && !wire_->wait_to_send(by))
      throw failure{{errc::unavailable, shown_ + ": the server takes no data"}};
  }
  raw.clear();
}

void transport::send_all(std::string_view plain, time_point by) {
  std::string raw;
  if (secure_) {
    secure_->write(plain);
    secure_->take(raw);
  } else {
    raw = plain;
  }
  flush(raw, by);
}

bool transport::receive(std::string& plain, time_point until) {
  char piece[16384];
  const auto before = plain.size();
  // What came behind the handshake's last record is there already.
  if (secure_ && secure_->read(plain) && plain.size() > before) return true;
  while (true) {
    const auto now = boot_clock::now();
    const auto got = wire_->receive(piece, sizeof piece, now, until);
    if (got.end || got.error != 0) throw failure{explain_broken(got.error, shown_)};
    if (got.bytes > 0 && !secure_) {
      plain.append(piece, got.bytes);
      return true;
    }
    if (got.bytes > 0) {
      secure_->feed({piece, got.bytes});
      const bool open = secure_->read(plain);
      if (plain.size() > before) return true;
      if (!open) throw failure{explain_broken(0, shown_)};
    } else if (now >= until) {
      return false;
    }
  }
}

std::vector<reply> exchange(transport& with, parser& reader, std::span<const std::vector<std::string_view>> commands,
                            time_point by, const std::string& shown) {
  std::string bytes;
  for (const auto& each : commands) append_command(bytes, each);
  std::vector<reply> replies;
  bool silent = true;
  const auto turned_away = [&]() -> bool { return !replies.empty() && replies.front().is == reply::kind::error; };
  try {
    try {
      with.send_all(bytes, by);
    } catch (const failure&) {
      // It may have said why before it closed.
      if (bytes.clear(); !with.receive(bytes, by)) throw;
      if (reader.feed(bytes, replies) && turned_away()) throw failure{explain_reply(replies.front().text, shown)};
      throw;
    }
    while (replies.size() < commands.size()) {
      bytes.clear();
      if (!with.receive(bytes, by))
        throw failure{{errc::unavailable, shown + ": the server took the connection, but did not answer in time"}};
      silent = false;
      if (!reader.feed(bytes, replies)) throw failure{explain_garbage(bytes, reader.fault(), shown)};
    }
  } catch (const failure&) {
    if (turned_away()) throw failure{explain_reply(replies.front().text, shown)};
    if (silent && with.secure() == nullptr && boot_clock::now() < by)
      throw failure{{errc::unavailable, shown +
                                            ": the server closed the connection without an answer; is it Redis, and is "
                                            "this a port without TLS (else the scheme is rediss://)?"}};
    throw;
  }
  return replies;
}

}  // namespace holdfast::redis
