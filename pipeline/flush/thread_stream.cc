// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/thread_stream.h"

#include <new>
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

void ThreadStreamState::begin(const queue::RecordReader& record, const std::byte* bytes,
                              std::int64_t time) {
  Open open{record.id(), record.kind() == RecordKind::kNamedSpanBegin, {}};
  if (open.named) {
    queue::RecordReader values = record;
    open.name = values.string().text;
  }
  // First, so that a begin is in the block and on the stack, or in neither.
  if (stack_.size() == stack_.capacity()) stack_.reserve(2 * stack_.size() + 8);
  builder_.add(bytes, record.bytes(), time, EventKind::kSpan);
  stack_.push_back(std::move(open));
}

ThreadStreamState::Added ThreadStreamState::add(const queue::RecordReader& record,
                                                const std::byte* bytes,
                                                std::int64_t time) noexcept {
  Added added;
  try {
    switch (record.kind()) {
      case RecordKind::kSpanBegin:
      case RecordKind::kNamedSpanBegin:
        begin(record, bytes, time);
        break;
      case RecordKind::kSpanEnd:
      case RecordKind::kNamedSpanEnd: {
        std::size_t depth = stack_.size();
        while (depth > 0 && stack_[depth - 1].id != record.id()) --depth;
        if (depth == 0) {
          added.dropped = DropReason::kInvalid;
          break;
        }
        for (; stack_.size() > depth; ++added.invented) end_top(time);
        end_top(time);
        break;
      }
      default:
        builder_.add(bytes, record.bytes(), time, EventKind::kAsyncSpan);
    }
  } catch (const std::bad_alloc&) {
    added.dropped = DropReason::kQueueFull;
  }
  return added;
}

std::uint32_t ThreadStreamState::end_open_spans(std::int64_t time) noexcept {
  std::uint32_t ended = 0;
  try {
    for (; !stack_.empty(); ++ended) end_top(time);
  } catch (const std::bad_alloc&) {  // the rest stays open on the server
  }
  return ended;
}

}  // namespace micromegas::pipeline
