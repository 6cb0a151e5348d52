// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The asynchronous spans of dispatch.h that have begun and not ended. Their caller keeps nothing
// but an id (AsyncSpan keeps the rest itself), so this is what tells an end from a second one, and
// from that of a span that began in another session.
//
// A hash table of fixed size without a lock: a child forked in the middle of anything finds a whole
// one, whose entries are of another session than its own. An id stands anywhere in its window of
// kWindow buckets. Entries are relaxed: an id gets from its begin to its end by way of the program,
// which orders the two.
#ifndef MICROMEGAS_PIPELINE_QUEUE_OPEN_ASYNC_SPANS_H_
#define MICROMEGAS_PIPELINE_QUEUE_OPEN_ASYNC_SPANS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "micromegas/pipeline/sink/stats.h"

namespace micromegas::queue {

class OpenAsyncSpans {
 public:
  // Open at once. About: what counts is whether an id's window is full.
  static constexpr std::size_t kMax = 65536;

  OpenAsyncSpans() = default;
  OpenAsyncSpans(const OpenAsyncSpans&) = delete;
  OpenAsyncSpans& operator=(const OpenAsyncSpans&) = delete;
  ~OpenAsyncSpans() { delete[] table_.load(std::memory_order_relaxed); }

  // Any thread; the first call allocates 1 MiB. `session`: micromegas_v0_session before the span's
  // begin is written. Returns why it could not be entered; nothing: it is.
  std::optional<DropReason> add(std::uint64_t id, std::uint32_t session) noexcept;

  enum class Removed : std::uint8_t { kOpen, kOfAnotherSession, kUnknown };
  // Any thread; of several that give the same id, one gets kOpen. `session`: the one of now.
  Removed remove(std::uint64_t id, std::uint32_t session) noexcept;

 private:
  static constexpr int kBucketBits = 14;
  static constexpr std::size_t kBuckets = std::size_t{1} << kBucketBits;
  static constexpr std::size_t kWindow = 4;  // in buckets

  // The id's lower 48 bits (a million a second for eight years), the session's lower 16 above; 0:
  // free. No id is a multiple of kSpanIds.
  using Entry = std::atomic<std::uint64_t>;
  struct alignas(64) Bucket {
    Entry entries[8];
  };
  static_assert(kBuckets * 8 == 2 * kMax);

  Bucket* table() noexcept;
  // Stops where `take` gives true; whether it did.
  template <class Take>
  static bool any_in_window(Bucket* table, std::uint64_t id, Take take) noexcept;

  std::atomic<Bucket*> table_{nullptr};
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_OPEN_ASYNC_SPANS_H_
