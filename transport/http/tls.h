// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a TLS connection of ours is sure of: the server's certificate is signed by somebody known,
// is valid now and is for this host. There is no switch to turn that off; a private CA is named by
// its file.
#ifndef MICROMEGAS_TRANSPORT_HTTP_TLS_H_
#define MICROMEGAS_TRANSPORT_HTTP_TLS_H_

#include <memory>
#include <string>

#include "micromegas/platform/result.h"

namespace micromegas::http {

// PEM files, read once. Empty: see each.
struct TlsOptions {
  std::string ca_file = {};           // who may sign the server's certificate; the system's roots
  bool system_roots_too = false;      // beside ca_file
  std::string certificate_file = {};  // ours, with its chain; none is shown
  std::string key_file = {};          // its key, without a pass phrase; in certificate_file
};

class TlsContext;  // tls_context.h

// Errors name the option, the file and the remedy, and quote nothing of a key.
Result<std::shared_ptr<const TlsContext>> make_tls_context(const TlsOptions& options);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_TLS_H_
