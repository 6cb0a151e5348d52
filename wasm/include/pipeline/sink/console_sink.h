// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Stands in for the native header of the same path: live log lines on the JavaScript console.
#ifndef MICROMEGAS_PIPELINE_SINK_CONSOLE_SINK_H_
#define MICROMEGAS_PIPELINE_SINK_CONSOLE_SINK_H_

#include "micromegas/pipeline/sink/event_sink.h"

namespace micromegas {

struct ConsoleOptions {
  // Everything: developer tools have a filter of their own, by the method that is called.
  LevelFilter max_level = LevelFilter::kTrace;
};

// Calls, for each line, console.error (FATAL, ERROR), console.warn (WARN), console.info (INFO) or
// console.debug (DEBUG, TRACE) with "[LEVEL] message" and, if there are properties, an object of
// them. Bytes that are not UTF-8 become U+FFFD. Where there is no console, or it throws, nothing
// happens.
class ConsoleEventSink final : public EventSink {
 public:
  explicit ConsoleEventSink(ConsoleOptions options = {}) noexcept : options_(options) {}

  bool on_log_enabled(const LogMetadata& metadata) override;
  void on_log(const LogMetadata& metadata, std::span<const Property> properties, std::int64_t time,
              std::string_view text) override;

 private:
  ConsoleOptions options_;
};

// So that code that was written for the native console compiles.
using ConsoleSink = ConsoleEventSink;

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_CONSOLE_SINK_H_
