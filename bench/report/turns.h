// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Several programs asked in turns, each for one repetition at a time: what the machine does
// meanwhile meets them all.
#ifndef MICROMEGAS_BENCH_REPORT_TURNS_H_
#define MICROMEGAS_BENCH_REPORT_TURNS_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "micromegas/bench/harness/row.h"

namespace bench {

struct Answer {
  std::vector<Row> rows;
  std::string why;  // the program failed; empty: it did not
};

// One row of those of the same name that the repetitions gave: median, smallest and largest of
// their medians, the median of their ratios. Not counted, if one of them is not.
Row merge(const std::vector<Row>& repetitions);

// Asks each of `programs` once a turn and merges its rows by their names. One that fails is not
// asked again.
std::vector<Answer> ask_in_turns(std::size_t programs, int turns,
                                 const std::function<Answer(std::size_t)>& ask);

}  // namespace bench

#endif  // MICROMEGAS_BENCH_REPORT_TURNS_H_
