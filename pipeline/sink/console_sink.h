// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Live log lines for a person:
//
//   2026-11-24T03:04:05.123Z INFO  [net.dns] slow answer server=ns1 ms=17
//
// The time is the event's, UTC. Each line is one write(2), so lines of several processes on one
// terminal do not mix.
#ifndef MICROMEGAS_PIPELINE_SINK_CONSOLE_SINK_H_
#define MICROMEGAS_PIPELINE_SINK_CONSOLE_SINK_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "micromegas/pipeline/sink/event_sink.h"

namespace micromegas {

enum class ConsoleColor : std::uint8_t {
  kAuto,  // when the descriptor is a terminal, TERM is not "dumb" and NO_COLOR is unset or empty
  kAlways,
  kNever,
};

struct ConsoleOptions {
  int fd = 2;  // stays the caller's; 2 is stderr. For a FILE*: fileno(), which passes its buffer by
  LevelFilter max_level = LevelFilter::kInfo;
  ConsoleColor color = ConsoleColor::kAuto;
};

// Shows the live lines up to its level and nothing else. A line that cannot be written (reader
// gone, disk full, a non-blocking pipe full for 100 ms) is lost and counted; SIGPIPE is never
// raised.
//
// The text may come from anywhere, so what a terminal would obey is made visible: control
// characters but \n and \t, DEL, the C1 controls and bytes that are not UTF-8 become \xNN. A new
// line inside the text is kept and the lines after it are indented, so that none can pass for an
// event of its own; those at the end are left out. Property values that contain white space, quotes
// or nothing are quoted.
//
// Any thread; calls from several at once are safe and lines stay whole.
class ConsoleSink final : public EventSink {
 public:
  explicit ConsoleSink(ConsoleOptions options = {});

  bool on_log_enabled(const LogMetadata& metadata) override;
  void on_log(const LogMetadata& metadata, std::span<const Property> properties, std::int64_t time,
              std::string_view text) override;

  // Lines that could not be written, or only in part.
  [[nodiscard]] std::uint64_t lost_lines() const noexcept {
    return lost_lines_.load(std::memory_order_relaxed);
  }

 private:
  ConsoleOptions options_;
  bool colored_;
  std::atomic<std::uint64_t> lost_lines_{0};
};

// The line as ConsoleSink writes it, newline included.
std::string format_console_line(const LogMetadata& metadata, std::span<const Property> properties,
                                std::int64_t time_ns, std::string_view text, bool colored);

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_CONSOLE_SINK_H_
