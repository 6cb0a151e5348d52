// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What events carry besides what they say: contexts of the process and the thread.

#include <iterator>
#include <new>
#include <utility>

#include "micromegas/pipeline/flush/drain.h"
#include "micromegas/pipeline/queue/index.h"
#include "micromegas/platform/diagnostics.h"

namespace micromegas::pipeline {

using queue::index;

void Drain::read_context(ThreadContext& context, queue::RecordReader record) {
  if (record.kind() == queue::RecordKind::kContextEnd) return context.end(record.id());
  const auto depth = static_cast<std::uint32_t>(record.number());
  context.begin(depth, context_reader_.read_context(record));
}

void Drain::take_process_contexts() noexcept {
  try {
    runtime_.take_process_contexts(process_contexts_seen_, process_contexts_);
  } catch (const std::bad_alloc&) {  // the next run of records tries again
    diagnose("context.failed", "a new process context is not known yet: out of memory");
  }
}

// Those that ended before the last pass. What is unread was recorded in this one, or before by what
// it takes to record it.
void Drain::forget_process_contexts(std::uint64_t pass_begin) {
  const std::uint64_t last_pass = std::exchange(last_pass_, pass_begin);
  auto keep = process_contexts_.begin();
  while (process_contexts_.end() - keep > 2 && std::next(keep)->ticks < last_pass) ++keep;
  process_contexts_.erase(process_contexts_.begin(), keep);
}

// Without memory, none: the event is whole.
EventContextPtr Drain::context_of(queue::ThreadSlot& slot, queue::QueueKind queue,
                                  std::uint64_t ticks) {
  if (carried_.empty() && process_contexts_.empty()) return nullptr;
  EventContextPtr process;
  for (auto set = process_contexts_.rbegin(); set != process_contexts_.rend(); ++set) {
    // Times of other processors may differ by a little.
    if (set->ticks > ticks && std::next(set) != process_contexts_.rend()) continue;
    if (set->ticks <= ticks) process = set->context;
    break;
  }
  const auto found = carried_.find(slot.state.uid);
  if (found == carried_.end()) return process;
  try {
    return found->second.of[index(queue)].get(process);
  } catch (const std::bad_alloc&) {
    runtime_.count_lost_properties();
    return process;
  }
}

}  // namespace micromegas::pipeline
