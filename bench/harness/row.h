// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// One figure, as a program of the bench prints it on a line of its own, in JSON, and as
// `./dev bench --json` writes it.
#ifndef MICROMEGAS_BENCH_HARNESS_ROW_H_
#define MICROMEGAS_BENCH_HARNESS_ROW_H_

#include <string>
#include <vector>

namespace bench {

struct Row {
  std::string question = {};
  std::string name = {};  // "case" in JSON
  std::string library = {};
  unsigned threads = 1;
  std::string unit = {};
  // Over the repetitions.
  double median = 0;
  double min = 0;
  double max = 0;
  double ratio = 0;              // of the median to the clock read's of the same run; 0: is no time
  std::string not_counted = {};  // why this is no figure; empty: it is one
};

// A row of these names stands for a library that has not answered; not_counted says why.
inline constexpr char kMissing[] = "missing";
inline constexpr char kFailed[] = "failed";

std::string to_json(const Row& row);

// Prints the row's line on stdout. Whatever else goes there does not begin with a brace.
void print(const Row& row);

}  // namespace bench

#endif  // MICROMEGAS_BENCH_HARNESS_ROW_H_
