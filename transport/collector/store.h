// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the collector knows: processes, streams, which blocks it has seen, and the counts. The
// insert functions are for one thread; the rest may be called from any. Everything is bounded:
// metadata is forgotten least recently used first, ids of blocks oldest first, and blocks that wait
// for their stream or process are refused when there are too many.
#ifndef MICROMEGAS_TRANSPORT_COLLECTOR_STORE_H_
#define MICROMEGAS_TRANSPORT_COLLECTOR_STORE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "micromegas/platform/uuid.h"
#include "micromegas/transport/collector/observer.h"
#include "micromegas/transport/collector/span_tracker.h"
#include "micromegas/transport/collector/stats.h"
#include "micromegas/transport/wire/decode.h"

namespace micromegas::collector {

struct StoreLimits {
  std::size_t max_processes = 4'096;
  std::size_t max_streams = 65'536;
  std::size_t max_metadata_bytes = 64 * 1024 * 1024;  // of the processes and streams kept, about
  std::size_t max_block_ids = 1 << 20;  // an older block that comes again is counted again
  std::size_t max_pending_blocks = 4'096;
  std::size_t max_pending_bytes = 64 * 1024 * 1024;
  wire::DecodeLimits decode{};
};

class Store {
 public:
  // `observer` may be null; it is called from the inserting thread, no lock held.
  Store(const StoreLimits& limits, CollectorObserver* observer);
  ~Store();

  enum class Outcome : std::uint8_t {
    kAccepted,  // 200: stored, seen before, or waiting for its stream or process
    kBad,       // 400
    kFull,      // 503
  };
  struct Answer {
    Outcome outcome = Outcome::kAccepted;
    std::string reason;  // unless accepted
  };

  Answer insert_process(std::string_view body);
  Answer insert_stream(std::string_view body);
  Answer insert_block(std::string_view body);
  void count_refused(unsigned status, std::string_view reason);
  // No block comes any more: what waits for an earlier block of its thread is counted as it is.
  void finish();

  [[nodiscard]] CollectorStats stats() const;
  [[nodiscard]] std::vector<SpanSummary> span_summaries() const;
  [[nodiscard]] bool has_block(const Uuid& block_id) const;
  // True once `reached` holds; it runs under the store's lock and must not call the collector.
  bool wait_for(const std::function<bool(const CollectorStats&)>& reached,
                std::chrono::milliseconds timeout) const;

 private:
  struct Layout;
  struct Process;
  struct Stream;
  struct Pending;
  struct Decoded;
  using Age = std::list<Uuid>;  // most recently used first

  Answer decode_and_count(Process& process, Stream& stream, const wire::DecodedBlock& block,
                          std::size_t body_bytes);
  void remember_block(const Uuid& id);
  void retry_pending();
  void count_undecodable(const std::string& reason);
  void forget_process();
  void forget_stream();
  void trim_metadata();
  std::shared_ptr<Layout> share_layout(wire::DecodedStream& stream, std::size_t bytes);
  void tell_spans(std::vector<FinishedSpan> finished);

  const StoreLimits limits_;
  CollectorObserver* const observer_;

  // Of the inserting thread.
  std::unordered_map<Uuid, Process> processes_;
  std::unordered_map<Uuid, Stream> streams_;
  std::unordered_map<std::string, std::weak_ptr<Layout>> layouts_;  // by content
  Age process_age_;
  Age stream_age_;
  std::size_t metadata_bytes_ = 0;
  std::deque<Pending> pending_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  CollectorStats stats_;
  SpanTracker spans_;
  std::unordered_set<Uuid> block_ids_;
  std::deque<Uuid> block_id_age_;
};

}  // namespace micromegas::collector

#endif  // MICROMEGAS_TRANSPORT_COLLECTOR_STORE_H_
