#include "store/redis/tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <new>

#include "store/redis/errors.hpp"

namespace holdfast::redis {

namespace {

std::string reason_of(unsigned long code) {
  const char* const text = ERR_reason_error_string(code);
  return text != nullptr ? text : "error " + std::to_string(code);
}

/// OpenSSL's last word, and an empty queue.
std::string last_reason() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  return code != 0 ? reason_of(code) : "no reason given";
}

[[noreturn]] void refuse_file(const settings& where, const std::string& what, const std::string& path) {
  throw failure{
      {errc::misconfigured, where.shown + ": the " + what + " in " + path + " can't be used: " + last_reason()}};
}

void trust(ssl_ctx_st* context, const settings& where) {
  if (where.verify == settings::verification::none) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return;
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (where.ca.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return;
  }
  struct stat info {};
  const bool folder = ::stat(where.ca.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  const bool read = folder ? SSL_CTX_load_verify_dir(context, where.ca.c_str()) == 1
                           : SSL_CTX_load_verify_file(context, where.ca.c_str()) == 1;
  if (!read) refuse_file(where, "authorities (option 'ca')", where.ca);
}

bool is_address(const std::string& host) {
  unsigned char into[16];
  return ::inet_pton(AF_INET, host.c_str(), into) == 1 || ::inet_pton(AF_INET6, host.c_str(), into) == 1;
}

/// What a certificate's refusal means; empty: nothing in particular.
std::string verdict_text(long verdict, const std::string& host) {
  switch (verdict) {
    case X509_V_OK:
      return {};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the server's certificate is not for '" + host +
             "': connect by the name that it is for, or say it with the option server_name";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the server's certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the server's certificate is not valid yet: is this machine's clock right?";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "the server's certificate is signed by no authority that is trusted here: name its authority's file with "
             "the option ca";
    default:
      return std::string{"the server's certificate is refused: "} + X509_verify_cert_error_string(verdict);
  }
}

/// What an alert of the server's, or bytes that are no TLS, mean; empty: nothing in particular.
std::string reason_text(int reason) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
      return "the server does not speak TLS on this port: is it the right one, or is the scheme redis://?";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return "the server wants a client's certificate: give it with the options cert and key";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
      return "the server refuses our certificate (options cert and key)";
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return "the server has no version of TLS that is in use today (1.2 or 1.3)";
    default:
      return {};
  }
}

}  // namespace

tls_context::tls_context(const settings& where) : context_{SSL_CTX_new(TLS_client_method())} {
  if (context_ == nullptr) throw std::bad_alloc{};
  try {
    SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
    trust(context_, where);
    if (!where.certificate.empty()) {
      if (SSL_CTX_use_certificate_chain_file(context_, where.certificate.c_str()) != 1)
        refuse_file(where, "certificate (option 'cert')", where.certificate);
      if (SSL_CTX_use_PrivateKey_file(context_, where.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
          SSL_CTX_check_private_key(context_) != 1)
        refuse_file(where, "key (option 'key')", where.key);
    }
  } catch (...) {
    SSL_CTX_free(context_);
    throw;
  }
}

tls_context::~tls_context() { SSL_CTX_free(context_); }

tls::tls(const tls_context& with, const settings& where, const std::string& host)
    : session_{SSL_new(with.get())}, shown_{where.shown}, host_{where.server_name.empty() ? host : where.server_name} {
  auto* const from = BIO_new(BIO_s_mem());
  auto* const to = BIO_new(BIO_s_mem());
  if (session_ == nullptr || from == nullptr || to == nullptr) {
    BIO_free(from);
    BIO_free(to);
    SSL_free(session_);
    throw std::bad_alloc{};
  }
  BIO_set_mem_eof_return(from, -1);  // Empty means "later".
  SSL_set_bio(session_, from, to);
  SSL_set_connect_state(session_);
  const bool address = is_address(host_);
  if (!address) SSL_set_tlsext_host_name(session_, host_.c_str());
  if (where.verify != settings::verification::full) return;
  auto* const parameters = SSL_get0_param(session_);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (address)
    X509_VERIFY_PARAM_set1_ip_asc(parameters, host_.c_str());
  else
    X509_VERIFY_PARAM_set1_host(parameters, host_.c_str(), 0);
}

tls::~tls() { SSL_free(session_); }

void tls::fail(const char* what) {
  const auto verdict = SSL_get_verify_result(session_);
  const auto code = ERR_peek_last_error();
  const bool by_verdict = ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  std::string why = by_verdict ? verdict_text(verdict, host_) : reason_text(ERR_GET_REASON(code));
  if (why.empty())
    why = std::string{what} + ": " + last_reason();
  else
    ERR_clear_error();
  throw failure{{errc::misconfigured, shown_ + ": " + why}};
}

bool tls::shake_hands() {
  ERR_clear_error();
  const int how = SSL_do_handshake(session_);
  if (how == 1) return true;
  if (const int error = SSL_get_error(session_, how); error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
    fail("the TLS handshake failed");
  return false;
}

void tls::feed(std::string_view from_network) {
  std::size_t taken = 0;
  if (BIO_write_ex(SSL_get_rbio(session_), from_network.data(), from_network.size(), &taken) != 1 ||
      taken != from_network.size())
    throw std::bad_alloc{};
}

void tls::take(std::string& to) {
  auto* const bytes = SSL_get_wbio(session_);
  char* start = nullptr;
  const long size = BIO_get_mem_data(bytes, &start);
  if (size <= 0) return;
  to.append(start, static_cast<std::size_t>(size));
  BIO_reset(bytes);
}

void tls::write(std::string_view plain) {
  ERR_clear_error();
  std::size_t written = 0;
  if (!plain.empty() && SSL_write_ex(session_, plain.data(), plain.size(), &written) != 1) fail("TLS failed");
}

bool tls::read(std::string& plain) {
  ERR_clear_error();
  char piece[16384];
  while (true) {
    std::size_t size = 0;
    if (const int how = SSL_read_ex(session_, piece, sizeof piece, &size); how == 1) {
      plain.append(piece, size);
      continue;
    } else if (const int error = SSL_get_error(session_, how); error == SSL_ERROR_ZERO_RETURN) {
      return false;
    } else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      fail("TLS failed");
    }
    return true;
  }
}

}  // namespace holdfast::redis
