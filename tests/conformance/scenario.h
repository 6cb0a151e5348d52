// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A known set of everything that the library can record. A new kind of event, argument or property
// gets its rows here, in the file of its kind: record it inside expected.log(), .metric(),
// .image(), .async() or SCENARIO_SPAN, and say what the server must show. What needs options, or
// ends the process, is a group of its own (scenario_main.cc).
#ifndef MICROMEGAS_TESTS_CONFORMANCE_SCENARIO_H_
#define MICROMEGAS_TESTS_CONFORMANCE_SCENARIO_H_

#include "micromegas/tests/conformance/expected.h"

namespace micromegas::conformance {

// What the library records of itself, as rows: of drops, the machine, the process's end.
void watch_own_metrics(TelemetryOptions& options);
std::vector<json> own_metrics();

// --- everything ---

void record_logs(Expected& expected);
void record_texts(Expected& expected);
void record_metrics(Expected& expected);
void record_images(Expected& expected);
// On the calling thread, which is called `thread`.
void record_context(Expected& expected, const char* thread);
void record_misplaced(Expected& expected, const char* thread);
void record_spans(Expected& expected, const char* thread);
void record_async_spans(Expected& expected);
void record_tracks(Expected& expected);
// 64 threads that live for a few events each.
void record_threads(Expected& expected);
// Enough of everything, one inside the other, that small blocks are cut in the middle of it.
void record_bulk(Expected& expected, const char* thread);
// Sets the system clock an hour forward and two seconds back.
void record_clock_steps(Expected& expected, const char* thread);

// --- options ---

void set_options(TelemetryOptions& options);
// The first row is the process's.
void record_options(Expected& expected);

// --- windows ---

void set_windows(TelemetryOptions& options);
void record_windows(Expected& expected);

// --- terminate ---

void set_terminate(TelemetryOptions& options);
void record_terminate(Expected& expected);
[[noreturn]] void terminate() noexcept;

}  // namespace micromegas::conformance

#endif  // MICROMEGAS_TESTS_CONFORMANCE_SCENARIO_H_
