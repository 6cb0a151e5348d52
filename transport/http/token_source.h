// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Where a credential that expires comes from; when to ask is TokenKeeper's business.
#ifndef MICROMEGAS_TRANSPORT_HTTP_TOKEN_SOURCE_H_
#define MICROMEGAS_TRANSPORT_HTTP_TOKEN_SOURCE_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "micromegas/transport/http/secret.h"

namespace micromegas::http {

struct TokenAnswer {
  enum class Kind {
    kToken,
    kWait,    // not now: the network, an outage, too many questions
    kGiveUp,  // asking again will not help until somebody has mended something
  };
  Kind kind = Kind::kWait;
  Secret authorization;                          // the header's whole value
  std::optional<std::chrono::seconds> lifetime;  // from now; unknown: until it is refused
  std::optional<std::chrono::seconds> retry_after;
  std::string error;  // for people; no secret in it
};

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // `done` is called once, on the loop's thread, never before fetch() returns. Never called while
  // one is under way.
  virtual void fetch(std::function<void(TokenAnswer)> done) = 0;
  // Any thread, after the loop has stopped. False: something was left behind.
  virtual bool stop(std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_TOKEN_SOURCE_H_
