// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What an answer, or the lack of one, means for the request and for the destination.
#ifndef MICROMEGAS_TRANSPORT_UPLOAD_VERDICT_H_
#define MICROMEGAS_TRANSPORT_UPLOAD_VERDICT_H_

#include "micromegas/transport/http/outcome.h"

namespace micromegas::upload {

enum class Verdict {
  kAccepted,      // any 2xx
  kUnavailable,   // no answer, 408, 429: nobody would fare better now; the destination waits
  kMisdirected,   // 401, 404: a wrong key or URL; the destination waits until somebody mends it
  kServerFailed,  // 5xx: this request waits longer, the destination a little
  kRefused,       // anything else: the same bytes would meet the same answer
};

constexpr Verdict judge(const http::Outcome& outcome) noexcept {
  if (outcome.kind != http::Outcome::Kind::kAnswered) return Verdict::kUnavailable;
  const unsigned status = outcome.status;
  if (status >= 200 && status < 300) return Verdict::kAccepted;
  if (status == 408 || status == 429) return Verdict::kUnavailable;
  if (status == 401 || status == 404) return Verdict::kMisdirected;
  if (status >= 500 && status < 600) return Verdict::kServerFailed;
  return Verdict::kRefused;
}

}  // namespace micromegas::upload

#endif  // MICROMEGAS_TRANSPORT_UPLOAD_VERDICT_H_
