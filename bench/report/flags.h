// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_BENCH_REPORT_FLAGS_H_
#define MICROMEGAS_BENCH_REPORT_FLAGS_H_

#include <string>
#include <utility>
#include <vector>

#include "micromegas/platform/result.h"

namespace bench {

struct Flags {
  std::vector<std::pair<std::string, std::string>> programs;  // library, path
  std::vector<std::pair<std::string, std::string>> missing;   // library, why
  std::vector<std::string> questions;                         // empty: all
  std::string json;                                           // the rows, whatever they are
  // Written only if all that was asked has been answered, and counts:
  std::string readme;   // its tables are made anew
  std::string results;  // a folder that exists: rows.json, a picture per question
  std::string commit = "unknown";
  bool quick = false;
  bool help = false;
};

micromegas::Result<Flags> parse_flags(int argc, char** argv);

}  // namespace bench

#endif  // MICROMEGAS_BENCH_REPORT_FLAGS_H_
