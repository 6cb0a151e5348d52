// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The questions that are put to this library alone. Each is asked in a process of its own, before
// that has threads, and prints its rows.
#ifndef MICROMEGAS_BENCH_OURS_QUESTIONS_H_
#define MICROMEGAS_BENCH_OURS_QUESTIONS_H_

#include "micromegas/bench/harness/library.h"

namespace bench {

void ask_cold(const Asked& asked);
void ask_storm(const Asked& asked);
void ask_background(const Asked& asked);
void ask_memory(const Asked& asked);

}  // namespace bench

#endif  // MICROMEGAS_BENCH_OURS_QUESTIONS_H_
