// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the collector has counted. Plain values, copied out at one instant.
#ifndef MICROMEGAS_TRANSPORT_COLLECTOR_STATS_H_
#define MICROMEGAS_TRANSPORT_COLLECTOR_STATS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace micromegas::collector {

// Events of decoded blocks, each block once.
struct EventCounts {
  std::uint64_t logs = 0;
  std::uint64_t integer_metrics = 0;
  std::uint64_t float_metrics = 0;
  std::uint64_t span_begins = 0;
  std::uint64_t span_ends = 0;
  std::uint64_t async_begins = 0;
  std::uint64_t async_ends = 0;
  std::uint64_t images = 0;
  std::uint64_t other = 0;  // of types that no view of the official analytics shows

  [[nodiscard]] std::uint64_t total() const noexcept {
    return logs + integer_metrics + float_metrics + span_begins + span_ends + async_begins +
           async_ends + images + other;
  }
  EventCounts& operator+=(const EventCounts& more) noexcept {
    logs += more.logs;
    integer_metrics += more.integer_metrics;
    float_metrics += more.float_metrics;
    span_begins += more.span_begins;
    span_ends += more.span_ends;
    async_begins += more.async_begins;
    async_ends += more.async_ends;
    images += more.images;
    other += more.other;
    return *this;
  }
  friend bool operator==(const EventCounts&, const EventCounts&) = default;
};

// A begin and its end. Names longer than SpanTracker::kMaxNameBytes are cut.
struct FinishedSpan {
  std::string name;
  std::string thread;  // the stream's thread name and id; empty if asynchronous
  bool is_async = false;
  std::int64_t begin_time = 0;   // nanoseconds since the epoch
  std::int64_t duration_ns = 0;  // never negative
};

// All finished spans of one name.
struct SpanSummary {
  std::string name;
  bool is_async = false;
  std::uint64_t count = 0;
  std::int64_t total_ns = 0;
  std::int64_t max_ns = 0;
};

struct CollectorStats {
  // Different ids seen; a second request with the same id changes nothing (first writer wins).
  std::uint64_t processes = 0;
  std::uint64_t streams = 0;
  std::uint64_t blocks = 0;  // decoded ones: neither pending nor undecodable
  std::uint64_t duplicate_processes = 0;
  std::uint64_t duplicate_streams = 0;
  std::uint64_t duplicate_blocks = 0;

  EventCounts events;
  std::uint64_t body_bytes = 0;   // bodies of every request answered 200
  std::uint64_t block_bytes = 0;  // bodies of the decoded blocks

  // Blocks whose stream or process has not arrived yet; after stop(): never did.
  std::uint64_t pending_blocks = 0;
  std::uint64_t pending_bytes = 0;

  std::uint64_t undecodable_blocks = 0;
  std::map<std::string, std::uint64_t> undecodable_reasons;  // at most kMaxReasons different ones
  std::uint64_t miscounted_blocks = 0;  // announced another number of events than they hold

  std::uint64_t finished_spans = 0;
  std::uint64_t orphan_span_ends = 0;  // thread spans: an end without a begin
  std::uint64_t unclosed_spans = 0;    // thread spans: a begin without an end, once that is certain
  std::uint64_t span_gaps = 0;         // blocks of a thread that never came or came far too late

  std::map<unsigned, std::uint64_t> refused;  // requests by the status of the answer
  std::uint64_t forgotten = 0;                // processes and streams, to stay within the limits

  std::vector<FinishedSpan> slowest_spans;  // slowest first

  static constexpr std::size_t kMaxReasons = 100;
};

}  // namespace micromegas::collector

#endif  // MICROMEGAS_TRANSPORT_COLLECTOR_STATS_H_
