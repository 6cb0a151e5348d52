// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Telemetry as the questions run it, and its books.
#ifndef MICROMEGAS_BENCH_OURS_SESSION_H_
#define MICROMEGAS_BENCH_OURS_SESSION_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "micromegas/platform/result.h"
#include "micromegas/telemetry.h"

namespace bench {

inline constexpr char kLibrary[] = "micromegas-cpp";

// Delivering to `url`, without a console; ends the program if that fails.
micromegas::TelemetryGuard start_telemetry(const std::string& url, std::size_t queue_bytes);

// Waits until the server has acknowledged everything.
void settle();
// After settle(): what the books of the session say if something was dropped or is not delivered.
std::string lost();

using Figures = std::vector<double>;
// Figures, or why there are none.
using Measured = micromegas::Result<Figures>;
// After settle(): the figures, or lost().
Measured unless_lost(Figures figures);
// Runs `measure` in a child, which has no thread and nothing warm, and returns what it returns, or
// how the child ended. Call it before this process has threads.
Measured in_child(const std::function<Measured()>& measure);

}  // namespace bench

#endif  // MICROMEGAS_BENCH_OURS_SESSION_H_
