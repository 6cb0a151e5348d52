// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a call site's word caches: its id and the filters' decision. Any thread changes either.
#ifndef MICROMEGAS_PIPELINE_QUEUE_SITE_WORD_H_
#define MICROMEGAS_PIPELINE_QUEUE_SITE_WORD_H_

#include <atomic>
#include <cstdint>

#include "micromegas/pipeline/instrument/metadata.h"

namespace micromegas::queue {

// Keeps the id.
inline void cache_decision(SiteWord& word, std::uint32_t decision) noexcept {
  std::uint64_t old = word.load(std::memory_order_relaxed);
  while (!word.compare_exchange_weak(old, (old & ~std::uint64_t{0xffffffff}) | decision,
                                     std::memory_order_relaxed)) {
  }
}

// Keeps the decision. Released behind the entry of that id: whoever has the id from here publishes
// it in a record, with release, so that a processor which sees the record sees the entry, too.
inline void cache_id(SiteWord& word, std::uint32_t id) noexcept {
  std::uint64_t old = word.load(std::memory_order_relaxed);
  while (!word.compare_exchange_weak(old, (old & 0xffffffff) | (std::uint64_t{id} << 32),
                                     std::memory_order_release, std::memory_order_relaxed)) {
  }
}

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_SITE_WORD_H_
