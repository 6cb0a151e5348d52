// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/http/certificates.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>

namespace micromegas::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Cert = std::unique_ptr<X509, decltype(&X509_free)>;

void need(bool ok) {
  if (ok) return;
  std::fputs("test certificate: OpenSSL failed\n", stderr);
  std::abort();
}

void set_name(X509_NAME* name, const std::string& common_name) {
  need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(common_name.data()),
                                  static_cast<int>(common_name.size()), -1, 0) == 1);
}

void extend(X509* cert, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  need(extension != nullptr && X509_add_ext(cert, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

Cert new_certificate(EVP_PKEY* key, const std::string& name, std::chrono::seconds from,
                     std::chrono::seconds until) {
  Cert cert(X509_new(), &X509_free);
  need(cert != nullptr && X509_set_version(cert.get(), 2) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert.get()), std::random_device{}() | 1U);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), static_cast<long>(from.count()));
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), static_cast<long>(until.count()));
  need(X509_set_pubkey(cert.get(), key) == 1);
  set_name(X509_get_subject_name(cert.get()), name);
  return cert;
}

std::string to_pem(const std::function<int(BIO*)>& write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  need(bio != nullptr && write(bio) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string pem(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

}  // namespace

struct Authority::State {
  Key key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  Cert cert{nullptr, &X509_free};
};

Authority::Authority(const std::string& name) : state_(std::make_unique<State>()) {
  need(state_->key != nullptr);
  state_->cert = new_certificate(state_->key.get(), name, std::chrono::hours(-24 * 365),
                                 std::chrono::hours(24 * 365));
  X509* const cert = state_->cert.get();
  need(X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1);
  extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
  extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign");
  need(X509_sign(cert, state_->key.get(), EVP_sha256()) != 0);
}

Authority::~Authority() = default;

std::string Authority::pem() const {
  return to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, state_->cert.get()); });
}

Certificate Authority::issue(const CertificateRequest& request) const {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  need(key != nullptr);
  const Cert cert =
      new_certificate(key.get(), "micromegas test", request.valid_from, request.valid_until);
  need(X509_set_issuer_name(cert.get(), X509_get_subject_name(state_->cert.get())) == 1);
  extend(cert.get(), state_->cert.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(cert.get(), state_->cert.get(), NID_ext_key_usage,
         request.for_client ? "clientAuth" : "serverAuth");
  std::string names;
  for (const std::string& host : request.hosts) names += ",DNS:" + host;
  for (const std::string& address : request.addresses) names += ",IP:" + address;
  if (!names.empty()) {
    extend(cert.get(), state_->cert.get(), NID_subject_alt_name, names.substr(1));
  }
  need(X509_sign(cert.get(), state_->key.get(), EVP_sha256()) != 0);
  return {to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, cert.get()); }),
          to_pem([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace micromegas::testing
