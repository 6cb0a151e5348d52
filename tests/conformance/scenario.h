// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A known set of everything that the library can record. A new kind of event, argument or property
// gets its rows here, in the file of its kind: record it inside expected.log(), .metric(),
// .image(), .async() or SCENARIO_SPAN, and say what the server must show.
#ifndef MICROMEGAS_TESTS_CONFORMANCE_SCENARIO_H_
#define MICROMEGAS_TESTS_CONFORMANCE_SCENARIO_H_

#include "micromegas/tests/conformance/expected.h"

namespace micromegas::conformance {

void record_logs(Expected& expected);
void record_texts(Expected& expected);
void record_metrics(Expected& expected);
void record_images(Expected& expected);
// On the calling thread, which is called `thread`.
void record_spans(Expected& expected, const char* thread);
void record_async_spans(Expected& expected);
void record_tracks(Expected& expected);
// 64 threads that live for a few events each.
void record_threads(Expected& expected);
// Enough of everything, one inside the other, that small blocks are cut in the middle of it.
void record_bulk(Expected& expected, const char* thread);
// Sets the system clock an hour forward and two seconds back.
void record_clock_steps(Expected& expected, const char* thread);

}  // namespace micromegas::conformance

#endif  // MICROMEGAS_TESTS_CONFORMANCE_SCENARIO_H_
