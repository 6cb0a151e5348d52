// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is known of an event before it happens: where it is in the source and what it is called.
// The macros build these; someone who bridges another logger (dispatch.h) writes them by hand,
// as statics:
//
//   static constinit micromegas::LogMetadata kMeta{.level = Level::kInfo, .text = "hello",
//                                                  .target = "net"};
//
// Strings must live as long as the object; the library copies them when the object first records.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_METADATA_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_METADATA_H_

#include <atomic>
#include <cstdint>
#include <string_view>

#include "micromegas/pipeline/instrument/level.h"

namespace micromegas {

// What the filters decided of a call site (low 32 bits) and its id in the process's catalogue (high
// 32 bits, 0 until it records). Written by any thread, relaxed: a stale value costs one look at the
// filters. Belongs to the library.
using SiteWord = std::atomic<std::uint64_t>;

struct LogMetadata {
  Level level = Level::kInfo;
  std::string_view text = {};  // the format string; without arguments, the message itself
  std::string_view target = {};
  std::string_view function = {};
  std::string_view file = {};
  std::uint32_t line = 0;
  mutable SiteWord word{0};
};

struct StaticMetricMetadata {
  Verbosity verbosity = Verbosity::kMax;
  std::string_view name = {};
  std::string_view unit = {};
  std::string_view target = {};
  std::string_view file = {};
  std::uint32_t line = 0;
  mutable SiteWord word{0};
};

struct SpanLocation {
  Verbosity verbosity = Verbosity::kMax;
  std::string_view target = {};
  std::string_view function = {};
  std::string_view file = {};
  std::uint32_t line = 0;
  mutable SiteWord word{0};  // for the spans whose name is known only at run time
};

struct SpanMetadata {
  std::string_view name = {};
  SpanLocation location = {};
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_METADATA_H_
