// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/thread_stream.h"

#include <utility>

namespace micromegas::pipeline {

using queue::RecordKind;

ThreadStreamState::ThreadStreamState(const StreamInfo& info, std::int64_t begin_time)
    : info_{info}, builder_(info.process_id, info.stream_id, begin_time, /*merged=*/false) {}

void ThreadStreamState::end_top(std::int64_t time) {
  const Open& top = stack_.back();
  if (top.named) {
    builder_.add_named(top.id, RecordKind::kNamedSpanEnd, time, top.name);
  } else {
    std::byte record[queue::kRecordHeaderBytes];
    queue::store64(record, queue::header_word(top.id, RecordKind::kSpanEnd, queue::kNoFlags,
                                              queue::kRecordHeaderBytes));
    builder_.add(record, sizeof record, time, EventKind::kSpan);
  }
  stack_.pop_back();
}

int ThreadStreamState::add(const queue::RecordReader& record, const std::byte* bytes,
                           std::int64_t time) {
  switch (record.kind()) {
    case RecordKind::kSpanBegin:
      stack_.push_back({record.id(), false, {}});
      builder_.add(bytes, record.bytes(), time, EventKind::kSpan);
      return 0;
    case RecordKind::kNamedSpanBegin: {
      queue::RecordReader values = record;
      stack_.push_back({record.id(), true, std::string(values.string().text)});
      builder_.add(bytes, record.bytes(), time, EventKind::kSpan);
      return 0;
    }
    case RecordKind::kSpanEnd:
    case RecordKind::kNamedSpanEnd: {
      std::size_t depth = stack_.size();
      while (depth > 0 && stack_[depth - 1].id != record.id()) --depth;
      if (depth == 0) return -1;
      int invented = 0;
      while (stack_.size() > depth) {
        end_top(time);
        ++invented;
      }
      end_top(time);
      return invented;
    }
    default:
      builder_.add(bytes, record.bytes(), time, EventKind::kAsyncSpan);
      return 0;
  }
}

}  // namespace micromegas::pipeline
