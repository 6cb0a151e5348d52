// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is logged by Abseil (LTS 20230125 or later), as logs of ours:
//
//   static micromegas::AbslSink sink;  // outlives every log
//   absl::AddLogSink(&sink);
//
// The text is what was logged, without Abseil's prefix; source file and line are the properties
// source.file and source.line. INFO, WARNING, ERROR and FATAL are info, warn, error and fatal, and
// a verbose INFO (VLOG) debug, from VLOG(2) on trace. Filtered by level and target. LOG(FATAL) is
// two, its message and its stack trace, and waits, each time 2 s at most, until everything is
// delivered; then Abseil aborts.
//
// Any thread; throws nothing, never logs by Abseil. What our own threads log through it is not
// taken: a sink that logs would feed itself. absl::FlushLogSinks() hands over what was recorded, 1
// s at most.
#ifndef MICROMEGAS_ABSL_SINK_H_
#define MICROMEGAS_ABSL_SINK_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <absl/base/log_severity.h>
#include <absl/log/log_entry.h>
#include <absl/log/log_sink.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "micromegas/interop/loggers/bridge.h"

namespace micromegas {

class AbslSink final : public absl::LogSink {
 public:
  explicit AbslSink(std::string target = "absl") : target_(std::move(target)) {}

  void Send(const absl::LogEntry& entry) override {
    // A fatal message comes again with its stack trace.
    const absl::string_view trace = entry.stacktrace();
    const absl::string_view text = trace.empty() ? entry.text_message() : trace;
    const absl::string_view file = entry.source_filename();
    const Level level = level_of(entry);
    detail::record_bridged({.level = level,
                            .target = target_,
                            .text = {text.data(), text.size()},
                            .file = {file.data(), file.size()},
                            .line = static_cast<std::uint32_t>(entry.source_line())});
    // Flush() may come too late or never: Abseil asks some sinks only, and then aborts.
    if (level == Level::kFatal) detail::deliver_before_abort();
  }
  void Flush() override { detail::hand_over_bridged(); }

 private:
  static Level level_of(const absl::LogEntry& entry) noexcept {
    switch (entry.log_severity()) {
      case absl::LogSeverity::kFatal:
        return Level::kFatal;
      case absl::LogSeverity::kError:
        return Level::kError;
      case absl::LogSeverity::kWarning:
        return Level::kWarn;
      default:
        break;
    }
    const int verbosity = entry.verbosity();
    return verbosity < 1 ? Level::kInfo : verbosity == 1 ? Level::kDebug : Level::kTrace;
  }

  std::string target_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_ABSL_SINK_H_
