// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A thread's cell of a counter or histogram, when it has none yet.

#include <algorithm>
#include <bit>

#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/queue/site_word.h"
#include "micromegas/platform/diagnostics.h"

namespace micromegas::queue {
namespace {
constexpr std::uint32_t kRefusedSite = 0xffffffff;  // of counters and histograms: stays without id
}  // namespace

void* Runtime::aggregate_cell(const StaticMetricMetadata& metadata, AggregateKind kind,
                              std::uint32_t property_set) noexcept {
  const EventKind metric =
      kind == AggregateKind::kCounter ? EventKind::kIntegerMetric : EventKind::kFloatMetric;
  std::uint32_t id = site_id(metadata.word);
  if (id == kRefusedSite) {
    drop(metric, DropReason::kInvalid, 1);
    return nullptr;
  }
  ThreadSlot* slot = current_thread();
  if (slot == nullptr) {
    drop(metric, DropReason::kQueueFull, 1);
    return nullptr;
  }
  try {
    const bool first = id == 0;
    if (first || !aggregates_.is_of(id, property_set)) {
      id = aggregates_.add(kind, metadata, property_set, catalogue_);
      if (id == 0) {
        drop(metric, DropReason::kInvalid, 1);
        if (first && site_id(metadata.word) == 0) cache_id(metadata.word, kRefusedSite);
        diagnose(
            "aggregates.refused",
            "there are too many counters and histograms: what is added to new ones is dropped");
        return nullptr;
      }
      if (first) cache_id(metadata.word, id);
    }
    if (id >= slot->state.cell_count) {
      const auto size = static_cast<std::uint32_t>(std::bit_ceil(std::max(id + 1, 64U)));
      slot->cell_memory.resize(size);
      slot->state.cells = slot->cell_memory.data();
      slot->state.cell_count = size;
    }
    // Another call site's of the same name, perhaps.
    void*& cell = slot->state.cells[id];
    const bool full = kind == AggregateKind::kHistogram && aggregates_.full();
    if (cell == nullptr && !full) cell = aggregates_.add_cell(id);
    if (cell == nullptr) {
      drop(metric, DropReason::kQueueFull, 1);
      if (!full) {
        diagnose("histograms.full",
                 "the memory of histograms is spent: what is added to further ones is dropped");
      }
    }
    return cell;
  } catch (...) {
    drop(metric, DropReason::kQueueFull, 1);
    return nullptr;
  }
}

}  // namespace micromegas::queue
