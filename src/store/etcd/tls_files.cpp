#include "store/etcd/tls_files.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace holdfast::etcd {
namespace {

template <auto Free>
struct freed_by {
  template <class Object>
  void operator()(Object* object) const {
    Free(object);
  }
};
using bio = std::unique_ptr<BIO, freed_by<BIO_free>>;
using certificate = std::unique_ptr<X509, freed_by<X509_free>>;
using private_key = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;

bio reading(const std::string& text) { return bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))}; }

certificate first_certificate(const std::string& pem) {
  certificate found{PEM_read_bio_X509(reading(pem).get(), nullptr, nullptr, nullptr)};
  ERR_clear_error();
  return found;
}

/// Nobody is asked for a password: gRPC would not ask either.
int no_password(char*, int, int, void*) { return -1; }

private_key first_key(const std::string& pem) {
  private_key found{PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, no_password, nullptr)};
  ERR_clear_error();
  return found;
}

}  // namespace

std::string fault_of_authorities(const std::string& pem) {
  return first_certificate(pem) ? "" : "the file of the option ca has no certificate in it (PEM)";
}

std::string fault_of_identity(const std::string& certificates, const std::string& key) {
  const auto mine = first_certificate(certificates);
  if (!mine) return "the file of the option cert has no certificate in it (PEM)";
  const auto secret = first_key(key);
  if (!secret) return "the file of the option key has no private key in it (PEM, without a password)";
  const bool match = X509_check_private_key(mine.get(), secret.get()) == 1;
  ERR_clear_error();
  return match ? "" : "the file of the option key has another key than that of the certificate in the option cert";
}

}  // namespace holdfast::etcd
