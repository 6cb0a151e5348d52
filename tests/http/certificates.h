// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Certificates made on the spot, for TLS servers and clients of tests.
//
//   const Authority authority("test CA");
//   const Certificate server = authority.issue({.hosts = {"a.name"}});
//   ScriptedServer tls_server({.certificate = server});
//   client_options.ca_file = files.write("ca.pem", authority.pem());
#ifndef MICROMEGAS_TESTS_HTTP_CERTIFICATES_H_
#define MICROMEGAS_TESTS_HTTP_CERTIFICATES_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace micromegas::testing {

struct Certificate {
  std::string pem;  // the certificate
  std::string key_pem;
};

struct CertificateRequest {
  std::vector<std::string> hosts = {};      // names it is for
  std::vector<std::string> addresses = {};  // "127.0.0.1"
  std::chrono::seconds valid_from{-3600};   // from now
  std::chrono::seconds valid_until{3600};
  bool for_client = false;  // extended key usage; else for a server
};

class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  [[nodiscard]] Certificate issue(const CertificateRequest& request) const;
  // Its own certificate, for ca_file.
  [[nodiscard]] std::string pem() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_HTTP_CERTIFICATES_H_
