// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How one try of a request ended.
#ifndef MICROMEGAS_TRANSPORT_HTTP_OUTCOME_H_
#define MICROMEGAS_TRANSPORT_HTTP_OUTCOME_H_

#include <chrono>
#include <optional>
#include <string>

#include "micromegas/transport/http/secret.h"

namespace micromegas::http {

struct Outcome {
  enum class Kind {
    kAnswered,     // a complete head came back: `status`
    kUnreachable,  // no address, no connection, or no TLS on it
    kBroken,       // the connection ended, or what came is not HTTP
    kTimeout,      // nothing of the above in time
  };
  Kind kind = Kind::kBroken;
  unsigned status = 0;
  std::optional<std::chrono::seconds> retry_after;
  std::string error;  // for people, empty if answered; our own words and the system's, nothing else
  bool sent_some = false;   // there was a connection, and the request had begun to leave
  bool sent_whole = false;  // the request had left: the server may have acted on it
  Secret body{};            // of an answer that came whole, if the client was told to keep it
};

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_OUTCOME_H_
