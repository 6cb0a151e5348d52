// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A logging or tracing library as the bench sees it, and the questions that are put to each of them
// alike. A program of the bench is one library:
//
//   int main(int argc, char** argv) {
//     const bench::Asked asked = bench::parse(argc, argv);
//     ...start the library...
//     bench::ask(asked, {.name = "glog", .cases = {...}, .settle = ..., .arrived = ...});
//   }
#ifndef MICROMEGAS_BENCH_HARNESS_LIBRARY_H_
#define MICROMEGAS_BENCH_HARNESS_LIBRARY_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "micromegas/bench/harness/measure.h"
#include "micromegas/bench/harness/row.h"

namespace bench {

// What a program ends with that has no answer to a question.
inline constexpr int kNotMyQuestion = 64;

// The program's arguments: --question Q [--quick] [--once].
struct Asked {
  std::string question;
  bool quick = false;   // to see that everything runs; the figures mean nothing
  int repetitions = 5;  // --once: 1
};
// Ends the program if it does not understand.
Asked parse(int argc, char** argv);

void rest_500_us();

struct Library {
  std::string name;
  std::vector<Case> cases;                      // of warm
  std::vector<std::string> threads_cases = {};  // of threads: some of their names
  std::string paced_case = {};                  // of paced: a name; empty: is not asked
  bool paced_floor = false;                     // beside it, what nobody can do without
  std::function<void()> rest = rest_500_us;     // after 2,000 statements
  std::function<void()> settle = [] {};         // until everything has arrived
  // After settle(): how many events have arrived so far; empty: nobody can tell.
  std::function<std::uint64_t()> arrived = {};
  // After settle(): what the library says that it lost since the last call; empty: nothing.
  std::function<std::string()> lost = [] { return std::string(); };
  std::function<void()> begin_thread = [] {};  // on each producer, before it is timed
};

// Those of warm, threads and paced that is asked; prints its rows. False: it is none of the three.
bool ask(const Asked& asked, const Library& library);

// The clock read, in nanoseconds, on processor 1 and warm: the median of the repetitions.
double clock_read_ns(const Asked& asked);

// A row of the values that the repetitions gave. `clock_ns` 0: it is no time.
Row summarize(std::string question, std::string name, std::string library, unsigned threads,
              std::string unit, std::vector<double> values, double clock_ns);

}  // namespace bench

#endif  // MICROMEGAS_BENCH_HARNESS_LIBRARY_H_
