// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The README's table of what was measured.
#ifndef MICROMEGAS_BENCH_REPORT_README_H_
#define MICROMEGAS_BENCH_REPORT_README_H_

#include <string>
#include <vector>

#include "micromegas/bench/harness/row.h"

namespace bench {

// `text` with everything between <!-- bench --> and <!-- /bench --> made anew; empty if it has not
// both.
std::string with_tables(const std::string& text, const std::string& where,
                        const std::vector<Row>& rows);

}  // namespace bench

#endif  // MICROMEGAS_BENCH_REPORT_README_H_
