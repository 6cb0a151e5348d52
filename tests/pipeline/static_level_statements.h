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
  if (MM_LOG_ENABLED(kFatal)) (seen).enabled.push_back('F'); \
  if (MM_LOG_ENABLED(kError)) (seen).enabled.push_back('E'); \
  if (MM_LOG_ENABLED(kWarn)) (seen).enabled.push_back('W');  \
  if (MM_LOG_ENABLED(kInfo)) (seen).enabled.push_back('I');  \
  if (MM_LOG_ENABLED(kDebug)) (seen).enabled.push_back('D'); \
  if (MM_LOG_ENABLED_T(kTrace, "a")) (seen).enabled.push_back('T')

#endif  // MICROMEGAS_TESTS_PIPELINE_STATIC_LEVEL_STATEMENTS_H_
