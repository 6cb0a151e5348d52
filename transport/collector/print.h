// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Observers that print what the collector decodes: rows for a person, or JSON lines for a program.
// Text that came over the network is shown with its control characters escaped: nobody who can send
// a log gets to drive the terminal.
#ifndef MICROMEGAS_TRANSPORT_COLLECTOR_PRINT_H_
#define MICROMEGAS_TRANSPORT_COLLECTOR_PRINT_H_

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "micromegas/transport/collector/observer.h"
#include "micromegas/transport/collector/stats.h"

namespace micromegas::collector {

// Where printers write. `on_lost` is called once, at the first line that could not be written.
class LineOutput {
 public:
  LineOutput(std::FILE* file, std::function<void()> on_lost)
      : file_(file), on_lost_(std::move(on_lost)) {}

  void line(std::string_view text);
  void flush();

 private:
  void check(bool written);

  std::FILE* file_;
  std::function<void()> on_lost_;
};

// Time, level, target, message; metrics; spans with their duration as they end.
class RowPrinter final : public CollectorObserver {
 public:
  explicit RowPrinter(LineOutput& out) : out_(out) {}
  void on_process(const wire::DecodedProcess& process) override;
  void on_block(const wire::DecodedProcess& process, const wire::DecodedStream& stream,
                const wire::DecodedBlock& block) override;
  void on_span(const FinishedSpan& span) override;
  void on_refused(unsigned status, std::string_view reason) override;

 private:
  LineOutput& out_;
};

// The lines of wire/json_lines.h.
class JsonPrinter final : public CollectorObserver {
 public:
  explicit JsonPrinter(LineOutput& out) : out_(out) {}
  void on_process(const wire::DecodedProcess& process) override;
  void on_stream(const wire::DecodedStream& stream) override;
  void on_block(const wire::DecodedProcess& process, const wire::DecodedStream& stream,
                const wire::DecodedBlock& block) override;

 private:
  LineOutput& out_;
};

// `text` with control characters as \n, \t, \xNN and bad UTF-8 as U+FFFD.
std::string printable(std::string_view text);

// "1.234 ms"
std::string duration_text(std::int64_t nanoseconds);

// Some lines for a person, each ending in a newline.
std::string summary_text(const CollectorStats& stats);

}  // namespace micromegas::collector

#endif  // MICROMEGAS_TRANSPORT_COLLECTOR_PRINT_H_
