// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/live_lines.h"

#include <algorithm>
#include <atomic>

#include "micromegas/pipeline/flush/guarded.h"
#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/platform/diagnostics.h"

namespace micromegas::pipeline {

LiveLines::LiveLines(const queue::Catalogue& catalogue, const BlockBuilder& logs, EventSink& sink,
                     const Redactor* redactor)
    : catalogue_(catalogue),
      logs_(logs),
      sink_(sink),
      reader_(catalogue, &logs.contexts(), redactor) {}

void LiveLines::note(const queue::RecordReader& record, std::int64_t time,
                     std::uint32_t offset) noexcept {
  try {
    if (wanted(record)) lines_.push_back({time, offset});
  } catch (...) {
    diagnose("live.failed", "a live line was left out: out of memory");
  }
}

bool LiveLines::wanted(const queue::RecordReader& record) {
  const std::uint32_t generation = micromegas_v0_hot_page.enabled.load(std::memory_order_relaxed);
  if (generation != generation_) {
    generation_ = generation;
    wanted_.clear();
  }
  if (record.id() == 0) return true;  // decided when it is shown
  if (record.id() >= wanted_.size()) wanted_.resize(record.id() + 64);
  std::uint8_t& wanted = wanted_[record.id()];
  if (wanted == 0) {
    const queue::Descriptor* descriptor = catalogue_.find(record.id());
    bool answer = false;
    if (descriptor != nullptr) {
      guarded("on_log_enabled", [&] { answer = sink_.on_log_enabled(descriptor->log); });
    }
    wanted = answer ? 2 : 1;
  }
  return wanted == 2;
}

void LiveLines::show() {
  std::stable_sort(lines_.begin(), lines_.end(),
                   [](const Line& a, const Line& b) { return a.time < b.time; });
  for (const Line& line : lines_) {
    guarded("on_log", [&] {
      queue::RecordReader record(logs_.record(line.offset), logs_.record_bytes() - line.offset);
      const LogEvent event = reader_.read_log(record);
      if (event.metadata != nullptr) {
        sink_.on_log(*event.metadata, event.properties, event.time, event.text);
        return;
      }
      const LogMetadata metadata{.level = event.level, .target = event.target};
      if (sink_.on_log_enabled(metadata)) {
        sink_.on_log(metadata, event.properties, event.time, event.text);
      }
    });
  }
  lines_.clear();
}

}  // namespace micromegas::pipeline
