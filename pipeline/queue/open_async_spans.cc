// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/open_async_spans.h"

#include <new>

namespace micromegas::queue {
namespace {

constexpr std::uint64_t kIdBits = (std::uint64_t{1} << 48) - 1;

constexpr std::uint64_t entry_of(std::uint64_t id, std::uint32_t session) noexcept {
  return (id & kIdBits) | (std::uint64_t{session} << 48);
}

// Left behind by a session before this one. Not just another one: who is late for the end of a
// session must not take the place of what is open in the next.
constexpr bool is_stale(std::uint64_t entry, std::uint32_t session) noexcept {
  const auto age = static_cast<std::uint16_t>(session - static_cast<std::uint32_t>(entry >> 48));
  return age != 0 && age < 0x8000;
}

}  // namespace

// Ids come one after the other: a product with the golden ratio spreads them evenly.
template <class Take>
bool OpenAsyncSpans::any_in_window(Bucket* table, std::uint64_t id, Take take) noexcept {
  const std::uint64_t first = (id * 0x9e3779b97f4a7c15U) >> (64 - kBucketBits);
  for (std::size_t i = 0; i < kWindow; ++i) {
    for (Entry& entry : table[(first + i) % kBuckets].entries) {
      if (take(entry)) return true;
    }
  }
  return false;
}

OpenAsyncSpans::Bucket* OpenAsyncSpans::table() noexcept {
  Bucket* table = table_.load(std::memory_order_acquire);
  if (table != nullptr) return table;
  auto* const made = new (std::nothrow) Bucket[kBuckets]();
  if (made == nullptr) return nullptr;
  if (table_.compare_exchange_strong(table, made, std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
    return made;
  }
  delete[] made;
  return table;
}

std::optional<DropReason> OpenAsyncSpans::add(std::uint64_t id, std::uint32_t session) noexcept {
  Bucket* const to = table();
  if (to == nullptr) return DropReason::kQueueFull;
  const auto take = [&](Entry& entry, auto is_free) {
    std::uint64_t old = entry.load(std::memory_order_relaxed);
    while (is_free(old)) {
      if (entry.compare_exchange_weak(old, entry_of(id, session), std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  };
  // What is stale is still good for telling whose end comes late.
  if (any_in_window(
          to, id,
          [&](Entry& entry) { return take(entry, [](std::uint64_t old) { return old == 0; }); }) ||
      any_in_window(to, id, [&](Entry& entry) {
        return take(entry, [&](std::uint64_t old) { return old == 0 || is_stale(old, session); });
      })) {
    return std::nullopt;
  }
  return DropReason::kInvalid;
}

OpenAsyncSpans::Removed OpenAsyncSpans::remove(std::uint64_t id, std::uint32_t session) noexcept {
  Bucket* const from = table_.load(std::memory_order_acquire);
  if (from == nullptr) return Removed::kUnknown;
  Removed removed = Removed::kUnknown;
  any_in_window(from, id, [&](Entry& entry) {
    std::uint64_t old = entry.load(std::memory_order_relaxed);
    if (old == 0 || (old & kIdBits) != (id & kIdBits)) return false;
    // Who loses this was not the first.
    if (!entry.compare_exchange_strong(old, 0, std::memory_order_relaxed)) return false;
    removed = old == entry_of(id, session) ? Removed::kOpen : Removed::kOfAnotherSession;
    return true;
  });
  return removed;
}

}  // namespace micromegas::queue
