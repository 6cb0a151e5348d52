// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Walks over the records of a block.
#ifndef MICROMEGAS_PIPELINE_FLUSH_BLOCK_RECORDS_H_
#define MICROMEGAS_PIPELINE_FLUSH_BLOCK_RECORDS_H_

#include <cstddef>
#include <cstdint>

#include "micromegas/pipeline/queue/record.h"
#include "micromegas/pipeline/sink/block.h"

namespace micromegas::pipeline {

// In time order. visit(queue::RecordReader&), unless visit_plain(const std::byte*, std::size_t
// available) is true: for records of kRecordHeaderBytes that need no reader.
template <class VisitPlain, class Visit>
void for_each_record(const BlockRecords& records, VisitPlain visit_plain, Visit visit) {
  const std::byte* bytes = records.bytes.data();
  const std::size_t size = records.bytes.size();
  if (records.order.empty()) {
    for (std::size_t at = 0; at < size;) {
      if (visit_plain(bytes + at, size - at)) {
        at += queue::kRecordHeaderBytes;
        continue;
      }
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

template <class Visit>
void for_each_record(const BlockRecords& records, Visit visit) {
  for_each_record(
      records, [](const std::byte*, std::size_t) { return false; }, visit);
}

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_BLOCK_RECORDS_H_
