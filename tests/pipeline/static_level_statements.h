// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The body of both functions of static_level.h. MARKER is in every text of the including file.
#ifndef MICROMEGAS_TESTS_PIPELINE_STATIC_LEVEL_STATEMENTS_H_
#define MICROMEGAS_TESTS_PIPELINE_STATIC_LEVEL_STATEMENTS_H_

#include "micromegas/instrument.h"
#include "micromegas/tests/pipeline/static_level.h"

#define LOG_EVERY_LEVEL(marker, seen)                        \
  const auto note = [&](char level) {                        \
    (seen).evaluated.push_back(level);                       \
    return level;                                            \
  };                                                         \
  MM_FATAL(marker "-fatal {}", note('F'));                   \
  MM_ERROR(marker "-error {}", note('E'));                   \
  MM_WARN(marker "-warn {}", note('W'));                     \
  MM_INFO(marker "-info {}", note('I'));                     \
  MM_DEBUG(marker "-debug {}", note('D'));                   \
  MM_TRACE(marker "-trace {}", note('T'));                   \
  MM_LOG_FN();                                               \
  MM_LOG_EVERY_N(kInfo, 1, marker "-every {}", note('i'));   \
  if (MM_LOG_ENABLED(kFatal)) (seen).enabled.push_back('F'); \
  if (MM_LOG_ENABLED(kError)) (seen).enabled.push_back('E'); \
  if (MM_LOG_ENABLED(kWarn)) (seen).enabled.push_back('W');  \
  if (MM_LOG_ENABLED(kInfo)) (seen).enabled.push_back('I');  \
  if (MM_LOG_ENABLED(kDebug)) (seen).enabled.push_back('D'); \
  if (MM_LOG_ENABLED_T(kTrace, "a")) (seen).enabled.push_back('T')

#define RECORD_EVERY_VERBOSITY(marker, seen)                            \
  MM_SPAN_V(kMin, marker "-span-min");                                  \
  MM_SPAN_V_T(kMed, "t", marker "-span-med");                           \
  MM_SPAN_V(kMax, marker "-span-max");                                  \
  MM_SPAN_DYN_V(kMax, std::string(++(seen).names, 'x'));                \
  MM_SPAN(marker "-span-default");                                      \
  MM_IMETRIC_V(kMed, marker "-metric-med", "count", ++(seen).names);    \
  MM_FMETRIC_V(kMax, marker "-metric-max", "count", ++(seen).names);    \
  MM_IMETRIC_DYN_V(kMax, std::string(++(seen).names, 'x'), "count", 1); \
  MM_IMETRIC(marker "-metric-default", "count", ++(seen).names)

#endif  // MICROMEGAS_TESTS_PIPELINE_STATIC_LEVEL_STATEMENTS_H_
