// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How a process ended, in the data: a metric if cleanly, a fatal log if by std::terminate. A part
// of //:telemetry; not part of the surface.
#ifndef MICROMEGAS_PROCESS_END_H_
#define MICROMEGAS_PROCESS_END_H_

#include <chrono>
#include <cstdint>
#include <string_view>

namespace micromegas {

// Records `process_lifetime`, in nanoseconds, with the property `reason`: what telemetry, or the
// process, is ended by. Whatever the filters let through. `start_time`: of the process
// (process_info.h).
void record_clean_end(std::int64_t start_time, std::string_view reason);

// Logs at fatal level which thread called std::terminate and `why`, and flushes; says on stderr
// what could not be sent.
void report_terminate(std::string_view why, std::chrono::milliseconds timeout);

// "SIGTERM".
std::string_view signal_name(int signal) noexcept;

}  // namespace micromegas

#endif  // MICROMEGAS_PROCESS_END_H_
