// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Pairs begins and ends: of thread spans by a stack per stream, across its blocks, which may arrive
// in any order; of asynchronous spans by their id. Keeps the slowest and a summary by name. Memory
// is bounded: what does not fit is counted as gap or left out. One thread at a time.
#ifndef MICROMEGAS_TRANSPORT_COLLECTOR_SPAN_TRACKER_H_
#define MICROMEGAS_TRANSPORT_COLLECTOR_SPAN_TRACKER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "micromegas/platform/uuid.h"
#include "micromegas/transport/collector/stats.h"

namespace micromegas::collector {

class SpanTracker {
 public:
  static constexpr std::size_t kMaxNameBytes = 256;
  static constexpr std::size_t kMaxNames = 65'536;  // later ones share the name "(other)"
  static constexpr std::size_t kMaxEarlyBlocks =
      16;  // of a stream, before a missing one is given up
  static constexpr std::size_t kMaxHeldMarks =
      1 << 20;  // of early blocks and open spans, all streams
  static constexpr std::size_t kMaxOpenAsync = 1 << 18;
  static constexpr std::size_t kSlowest = 32;

  // One span event of a block.
  struct Mark {
    std::uint32_t name = 0;
    bool is_begin = false;
    bool is_async = false;
    std::int64_t time = 0;  // nanoseconds since the epoch
    std::uint64_t span_id = 0;
  };

  // The number of a name, for Mark.
  std::uint32_t intern(std::string_view name);

  // A block of a thread's stream: its marks in order, the id of its first event and how many there
  // are. Each block at most once. Appends what ended to `finished`.
  void add_block(const Uuid& process, const Uuid& stream, std::string_view thread,
                 std::int64_t first_event, std::int64_t event_count, std::vector<Mark> marks,
                 std::vector<FinishedSpan>& finished);

  // The stream ends: nothing is waited for any more.
  void end_stream(const Uuid& stream, std::vector<FinishedSpan>& finished);
  void end_all(std::vector<FinishedSpan>& finished);

  // Fills the span members of `stats`.
  void fill(CollectorStats& stats) const;
  // By name, the longest single span first.
  [[nodiscard]] std::vector<SpanSummary> summaries() const;

 private:
  struct Early {
    std::int64_t event_count = 0;
    std::vector<Mark> marks;
  };
  struct Stream {
    Uuid process;
    std::string thread;
    std::int64_t next_event = 0;
    std::vector<Mark> open;
    std::map<std::int64_t, Early> early;
  };
  struct AsyncKey {
    Uuid process;
    std::uint64_t span_id;
    friend bool operator==(const AsyncKey&, const AsyncKey&) = default;
  };
  struct AsyncHash {
    std::size_t operator()(const AsyncKey& key) const noexcept {
      return std::hash<Uuid>()(key.process) ^ (key.span_id * 0x9e3779b97f4a7c15ULL);
    }
  };
  struct Total {
    std::uint64_t count = 0;
    std::int64_t total_ns = 0;
    std::int64_t max_ns = 0;
  };

  void run(Stream& stream, const std::vector<Mark>& marks, std::vector<FinishedSpan>& finished);
  void run_ready(Stream& stream, std::vector<FinishedSpan>& finished);
  void skip_gap(Stream& stream, std::vector<FinishedSpan>& finished);
  void drop_open(Stream& stream);
  void finish(const Stream& stream, const Mark& begin, const Mark& end,
              std::vector<FinishedSpan>& finished);

  std::unordered_map<std::string, std::uint32_t> name_numbers_;
  std::vector<const std::string*> names_;
  std::unordered_map<Uuid, Stream> streams_;
  std::unordered_map<AsyncKey, Mark, AsyncHash> open_async_;
  std::unordered_map<std::uint64_t, Total> totals_;  // by name * 2 + is_async
  std::vector<FinishedSpan> slowest_;                // slowest first
  std::size_t held_marks_ = 0;
  std::uint64_t finished_ = 0;
  std::uint64_t orphan_ends_ = 0;
  std::uint64_t unclosed_ = 0;
  std::uint64_t gaps_ = 0;
};

}  // namespace micromegas::collector

#endif  // MICROMEGAS_TRANSPORT_COLLECTOR_SPAN_TRACKER_H_
