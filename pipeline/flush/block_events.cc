// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How a block's records become events for a sink.

#include <cstring>

#include "micromegas/pipeline/flush/record_events.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/sink/block.h"

namespace micromegas {
namespace {

template <class Visit>
void for_each_record(const BlockRecords& records, Visit visit) {
  const std::byte* bytes = records.bytes.data();
  const std::size_t size = records.bytes.size();
  if (records.order.empty()) {
    for (std::size_t at = 0; at < size;) {
      queue::RecordReader record(bytes + at, size - at);
      if (!record.ok()) return;
      at += record.bytes();
      visit(record);
    }
  } else {
    for (std::uint32_t at : records.order) {
      queue::RecordReader record(bytes + at, size - at);
      if (record.ok()) visit(record);
    }
  }
}

}  // namespace

void LogBlock::for_each(FunctionRef<void(const LogEvent&)> visit) const {
  pipeline::EventReader reader(queue::Runtime::get().catalogue());
  for_each_record(records_, [&](queue::RecordReader& record) { visit(reader.read_log(record)); });
}

void MetricsBlock::for_each(FunctionRef<void(const MetricEvent&)> visit) const {
  pipeline::EventReader reader(queue::Runtime::get().catalogue());
  for_each_record(records_,
                  [&](queue::RecordReader& record) { visit(reader.read_metric(record)); });
}

void ThreadBlock::for_each(FunctionRef<void(const SpanEvent&)> visit) const {
  pipeline::EventReader reader(queue::Runtime::get().catalogue());
  for_each_record(records_, [&](queue::RecordReader& record) { visit(reader.read_span(record)); });
}

}  // namespace micromegas
