// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How a block's records become events for a sink.

#include "micromegas/pipeline/flush/block_records.h"
#include "micromegas/pipeline/flush/record_events.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/sink/block.h"

namespace micromegas {

void LogBlock::for_each(FunctionRef<void(const LogEvent&)> visit) const {
  pipeline::EventReader reader(queue::Runtime::get().catalogue(), &records_.contexts,
                               records_.redactor);
  pipeline::for_each_record(records_,
                            [&](queue::RecordReader& record) { visit(reader.read_log(record)); });
}

void MetricsBlock::for_each(FunctionRef<void(const MetricEvent&)> visit) const {
  pipeline::EventReader reader(queue::Runtime::get().catalogue(), &records_.contexts,
                               records_.redactor);
  pipeline::for_each_record(
      records_, [&](queue::RecordReader& record) { visit(reader.read_metric(record)); });
}

void ThreadBlock::for_each(FunctionRef<void(const SpanEvent&)> visit) const {
  pipeline::EventReader reader(queue::Runtime::get().catalogue(), &records_.contexts,
                               records_.redactor);
  SpanEvent plain;  // most are
  pipeline::for_each_record(
      records_,
      [&](const std::byte* record, std::size_t available) {
        if (!reader.read_plain_span(record, available, plain)) return false;
        visit(plain);
        return true;
      },
      [&](queue::RecordReader& record) { visit(reader.read_span(record)); });
}

}  // namespace micromegas
