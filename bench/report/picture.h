// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Rows as a picture: bars, one below the other, the same bytes for the same rows.
#ifndef MICROMEGAS_BENCH_REPORT_PICTURE_H_
#define MICROMEGAS_BENCH_REPORT_PICTURE_H_

#include <string>
#include <vector>

#include "micromegas/bench/harness/row.h"

namespace bench {

// SVG of the rows of one question, cases together, a panel per unit. Empty if none has a figure.
std::string picture(const std::string& question, const std::string& caption,
                    const std::vector<Row>& rows);

}  // namespace bench

#endif  // MICROMEGAS_BENCH_REPORT_PICTURE_H_
