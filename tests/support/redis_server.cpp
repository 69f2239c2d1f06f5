#include "support/redis_server.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace holdfast::testing {

namespace {

/// Certificates as a user would have them made: an authority, a server's, a client's, another authority, an old one.
constexpr const char* certificate_script = R"(set -e
cd "$1"
authority() {  # NAME
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$1" \
    -keyout "$1.key" -out "$1.pem"
}
signed() {  # NAME SUBJECT EXTENSIONS FROM UNTIL
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout "$1.key" -out "$1.csr"
  printf '%s\n' "$3" >"$1.ext"
  mkdir -p "$1.db"; : >"$1.db/index"; echo "unique_subject = no" >"$1.db/index.attr"; echo 01 >"$1.db/serial"
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' \
    "$1.db" "$1.db" "$1.db" >"$1.cnf"
  openssl ca -batch -notext -config "$1.cnf" -cert ca.pem -keyfile ca.key -in "$1.csr" -out "$1.pem" -extfile "$1.ext" \
    -startdate "$4" -enddate "$5"
}
authority ca
authority other-ca
now=$(date -u +%Y%m%d%H%M%SZ -d '-1 day'); later=$(date -u +%Y%m%d%H%M%SZ -d '+30 days')
signed server localhost 'subjectAltName=DNS:localhost,IP:127.0.0.1' "$now" "$later"
signed client tester 'keyUsage=digitalSignature' "$now" "$later"
signed expired localhost 'subjectAltName=DNS:localhost,IP:127.0.0.1' 20200101000000Z 20200201000000Z
)";

int run(const std::vector<std::string>& words, const temporary_folder& folder, std::string* out = nullptr) {
  process it{{.words = words}, folder.path()};
  const int code = it.wait();
  if (out != nullptr) *out = it.out() + (code == 0 ? std::string{} : it.err());
  return code;
}

}  // namespace

redis_server::redis_server(options how) : how_{std::move(how)} {
  if (how_.tls) make_certificates();
  // Another process may take the port between our look and the server's: then another port.
  for (int attempt = 0;; ++attempt) {
    port_ = free_port();
    if (how_.tls) tls_port_ = free_port();
    try {
      start();
      return;
    } catch (const std::runtime_error&) {
      if (attempt == 4) throw;
    }
  }
}

redis_server::~redis_server() = default;

void redis_server::start(bool empty) {
  if (empty) ::unlink(folder_.file("dump.rdb").c_str());
  launch what;
  what.words = {"redis-server", "--port",       std::to_string(port_), "--bind", "127.0.0.1",
                "--dir",        folder_.path(), "--unixsocket",        socket(), "--save"};
  what.words.emplace_back(how_.persistent ? "3600 1" : "");
  if (how_.tls) {
    const std::vector<std::string> tls{
        "--tls-port",       std::to_string(tls_port_), "--tls-cert-file", file("server.pem"),   "--tls-key-file",
        file("server.key"), "--tls-ca-cert-file",      file("ca.pem"),    "--tls-auth-clients", "optional"};
    what.words.insert(what.words.end(), tls.begin(), tls.end());
  }
  what.words.insert(what.words.end(), how_.words.begin(), how_.words.end());
  server_ = std::make_unique<process>(what, folder_.path());
  if (eventually([this] { return !server_->running() || answers(); }) && server_->running()) return;
  const std::string said = server_->out() + server_->err();
  server_.reset();
  throw std::runtime_error{"redis-server did not start: " + said};
}

bool redis_server::answers() const {
  // NOAUTH, NOPERM and LOADING are answers too; a connection refused is none.
  std::string said;
  run({"redis-cli", "-s", socket(), "PING"}, folder_, &said);
  return said.find("PONG") != std::string::npos || said.find("NOAUTH") != std::string::npos ||
         said.find("NOPERM") != std::string::npos || said.find("LOADING") != std::string::npos;
}

void redis_server::kill() { server_.reset(); }

void redis_server::signal(int number) const {
  if (server_) server_->signal(number);
}

pid_t redis_server::pid() const { return server_ ? server_->pid() : -1; }

std::string redis_server::tls_url() const {
  return "rediss://localhost:" + std::to_string(tls_port_) + "?ca=" + file("ca.pem");
}

std::string redis_server::cli(const std::vector<std::string>& words) const {
  std::vector<std::string> all{"redis-cli"};
  if (words.empty() || words.front() != "-h") all.insert(all.end(), {"-s", socket()});
  all.insert(all.end(), words.begin(), words.end());
  std::string said;
  run(all, folder_, &said);
  while (!said.empty() && (said.back() == '\n' || said.back() == '\r')) said.pop_back();
  return said;
}

long long redis_server::info(const std::string& field) const {
  const std::string all = cli({"INFO", "everything"});
  const auto at = all.find("\n" + field + ":");
  if (at == std::string::npos) throw std::runtime_error{"INFO has no " + field};
  return std::atoll(all.c_str() + at + field.size() + 2);
}

void redis_server::make_certificates() const {
  write_file(file("certificates.sh"), certificate_script);
  std::string said;
  if (run({"bash", file("certificates.sh"), folder_.path()}, folder_, &said) != 0)
    throw std::runtime_error{"can't make certificates: " + said};
}

}  // namespace holdfast::testing
