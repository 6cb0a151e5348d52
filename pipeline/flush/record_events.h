// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// One record as the event that a sink sees. The views point into the record, the catalogue and the
// reader's buffer.
#ifndef MICROMEGAS_PIPELINE_FLUSH_RECORD_EVENTS_H_
#define MICROMEGAS_PIPELINE_FLUSH_RECORD_EVENTS_H_

#include "micromegas/pipeline/flush/log_text.h"
#include "micromegas/pipeline/queue/catalogue.h"
#include "micromegas/pipeline/queue/record.h"
#include "micromegas/pipeline/sink/block.h"

namespace micromegas::pipeline {

class LogEventReader {
 public:
  explicit LogEventReader(const queue::Catalogue& catalogue) : catalogue_(catalogue) {}
  // Valid until the next call.
  LogEvent read(queue::RecordReader& record);

 private:
  const queue::Catalogue& catalogue_;
  LogFormatter formatter_;
};

MetricEvent read_metric_event(const queue::Catalogue& catalogue, queue::RecordReader& record);
SpanEvent read_span_event(const queue::Catalogue& catalogue, queue::RecordReader& record);

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_RECORD_EVENTS_H_
