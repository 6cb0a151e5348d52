// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The cold half of ContextScope.

#include "micromegas/pipeline/instrument/recorder.h"

namespace micromegas::detail {

void end_context(std::uint32_t depth) noexcept {
  using queue::QueueKind;
  queue::ThreadState& thread = *micromegas_v0_thread.state;
  if (thread.context_depth < depth) return;  // begun in another life of the thread's queues
  thread.context_depth = depth - 1;
  for (const QueueKind queue : {QueueKind::kEvents, QueueKind::kSpans}) {
    const std::uint32_t reserve =
        queue == QueueKind::kSpans ? queue::open_count(queue::open_spans()) * queue::kSpanEndBytes
                                   : 0;
    queue::Writer w(queue, queue::kRecordHeaderBytes, EventKind::kLog, reserve, 0);
    if (w) {
      w.header_untimed(depth, queue::RecordKind::kContextEnd, queue::kNoFlags,
                       queue::kRecordHeaderBytes);
      w.publish_uncounted();
      continue;
    }
    // No record is smaller, so none fits: whatever comes next takes a new segment, and finds this
    // there.
    std::uint32_t& pending = thread.pending_context_end[static_cast<std::size_t>(queue)];
    if (pending == 0 || depth < pending) pending = depth;
  }
}

}  // namespace micromegas::detail
