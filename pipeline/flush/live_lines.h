// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Logs on their way to a sink's on_log(): shown at each tick, long before their block is cut.
#ifndef MICROMEGAS_PIPELINE_FLUSH_LIVE_LINES_H_
#define MICROMEGAS_PIPELINE_FLUSH_LIVE_LINES_H_

#include <cstdint>
#include <vector>

#include "micromegas/pipeline/flush/block_builder.h"
#include "micromegas/pipeline/flush/record_events.h"
#include "micromegas/pipeline/queue/catalogue.h"
#include "micromegas/pipeline/queue/record.h"
#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/pipeline/sink/redactor.h"

namespace micromegas::pipeline {

// The flush actor's alone.
class LiveLines {
 public:
  // `logs`: where the records lie; outlives this.
  LiveLines(const queue::Catalogue& catalogue, const BlockBuilder& logs, EventSink& sink,
            const Redactor* redactor);

  // `offset`: of the log in the block. Without memory the line is not shown; the event goes into
  // its block.
  void note(const queue::RecordReader& record, std::int64_t time, std::uint32_t offset) noexcept;
  // All that were noted, by time. Before the block is cut.
  void show();

 private:
  struct Line {
    std::int64_t time;
    std::uint32_t offset;
  };
  bool wanted(const queue::RecordReader& record);

  const queue::Catalogue& catalogue_;
  const BlockBuilder& logs_;
  EventSink& sink_;
  EventReader reader_;
  std::vector<Line> lines_;
  std::vector<std::uint8_t> wanted_;  // by call site id: 0 unknown, 1 no, 2 yes
  std::uint32_t generation_ = 0;      // of the filters; with another one the sink is asked anew
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_LIVE_LINES_H_
