// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/rate.h"

#include <chrono>

namespace micromegas::detail {

// Here, as <chrono> is dear to include.
bool EveryMs::pass(std::int64_t ms, std::uint64_t& told) noexcept {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return pass_at(std::chrono::nanoseconds(now).count(), ms, told);
}

}  // namespace micromegas::detail
