// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/http/wire_end.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>

namespace micromegas::testing {
namespace {

void need(bool ok) {
  if (ok) return;
  std::fputs("test TLS server: OpenSSL failed\n", stderr);
  std::abort();
}

X509* read_certificate(const std::string& pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* const cert = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  need(cert != nullptr);
  return cert;
}

}  // namespace

TlsServerContext::TlsServerContext(const Certificate& certificate, const std::string& client_ca)
    : context_(SSL_CTX_new(TLS_server_method())) {
  need(context_ != nullptr);
  X509* const cert = read_certificate(certificate.pem);
  BIO* const bio =
      BIO_new_mem_buf(certificate.key_pem.data(), static_cast<int>(certificate.key_pem.size()));
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  need(key != nullptr && SSL_CTX_use_certificate(context_, cert) == 1 &&
       SSL_CTX_use_PrivateKey(context_, key) == 1);
  X509_free(cert);
  EVP_PKEY_free(key);
  if (client_ca.empty()) return;
  X509* const ca = read_certificate(client_ca);
  need(X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), ca) == 1);
  X509_free(ca);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

TlsServerContext::~TlsServerContext() { SSL_CTX_free(context_); }

WireEnd::~WireEnd() { SSL_free(ssl_); }

bool WireEnd::accept_tls(const TlsServerContext& context) {
  ssl_ = SSL_new(context.get());
  need(ssl_ != nullptr && SSL_set_fd(ssl_, fd_) == 1);
  return SSL_accept(ssl_) == 1;
}

std::string WireEnd::server_name() const {
  const char* const name =
      ssl_ == nullptr ? nullptr : SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

ssize_t WireEnd::read(char* bytes, std::size_t size) {
  if (ssl_ == nullptr) return recv(fd_, bytes, size, 0);
  return SSL_read(ssl_, bytes, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
}

ssize_t WireEnd::write(const char* bytes, std::size_t size) {
  if (ssl_ == nullptr) return ::send(fd_, bytes, size, MSG_NOSIGNAL);
  return SSL_write(ssl_, bytes, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
}

}  // namespace micromegas::testing
