// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The statements of this library that are timed.
#ifndef MICROMEGAS_BENCH_OURS_CASES_H_
#define MICROMEGAS_BENCH_OURS_CASES_H_

#include <vector>

#include "micromegas/bench/harness/measure.h"

namespace bench {

std::vector<Case> micromegas_cases();

}  // namespace bench

#endif  // MICROMEGAS_BENCH_OURS_CASES_H_
