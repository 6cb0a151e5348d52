// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A local receiver of what a Micromegas ingestion server takes, for development, demos and tests:
// POST /ingestion/insert_{process,stream,block}, GET /health, GET /ready. It keeps counts, not
// data.
//
//   auto collector = micromegas::collector::Collector::start();
//   run_program_against((*collector)->url());
//   bool all = (*collector)->wait_for([](const auto& stats) { return stats.events.logs == 10; },
//   5s);
//   (*collector)->stop();
//
// Unlike the official server, which never looks into a payload, it decodes each block as it arrives
// and answers 400 with the reason when it cannot. Duplicates are counted once (first writer wins)
// and order is free: a block is held until its stream and process are here.
#ifndef MICROMEGAS_TRANSPORT_COLLECTOR_COLLECTOR_H_
#define MICROMEGAS_TRANSPORT_COLLECTOR_COLLECTOR_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "micromegas/platform/result.h"
#include "micromegas/platform/uuid.h"
#include "micromegas/transport/collector/observer.h"
#include "micromegas/transport/collector/stats.h"
#include "micromegas/transport/wire/decode.h"

namespace micromegas::collector {

struct CollectorOptions {
  std::string address = "127.0.0.1";  // in numbers; anything else than loopback opens it to others
  std::uint16_t port = 0;             // 0: any free one, see Collector::port()
  std::string api_key{};      // if set: requests without "Authorization: Bearer KEY" get 401
  std::string save_folder{};  // if set: every body goes there, a file each (see folder.h)
  CollectorObserver* observer = nullptr;  // must outlive the collector

  // Bounds of memory and time. What is above them is answered 413, 431, 503 or 408.
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 100 * 1024 * 1024;
  std::size_t max_total_body_bytes = 256 * 1024 * 1024;  // of all requests being received
  std::size_t max_connections = 256;
  std::chrono::milliseconds idle_timeout{60'000};  // of a connection between requests
  std::chrono::milliseconds header_timeout{
      10'000};  // from a request's first byte to its header's end
  std::chrono::milliseconds body_timeout{60'000};  // from there to the end of the body

  // What is remembered. The least recently used process or stream is forgotten first, the oldest
  // block id too; a block too many without its stream or process is answered 503.
  std::size_t max_processes = 4'096;
  std::size_t max_streams = 65'536;
  std::size_t max_metadata_bytes = 64 * 1024 * 1024;
  std::size_t max_block_ids = 1 << 20;
  std::size_t max_pending_blocks = 4'096;
  std::size_t max_pending_bytes = 64 * 1024 * 1024;
  wire::DecodeLimits decode{};
};

class Collector {
 public:
  // Listens when it returns. Fails when the address is wrong or taken, the folder cannot be
  // written, or the system has no thread to give.
  static Result<std::unique_ptr<Collector>> start(CollectorOptions options = {});
  ~Collector();  // stops
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  // "http://127.0.0.1:PORT", as MICROMEGAS_TELEMETRY_URL wants it.
  [[nodiscard]] std::string url() const;

  // No thread or socket is left. Takes up to a second when an answer is being written. The counts
  // stay. Repeatable; one thread at a time, and not from the observer.
  void stop();

  // The rest may be called from any thread.
  [[nodiscard]] CollectorStats stats() const;
  // Finished spans by name, the longest single one first.
  [[nodiscard]] std::vector<SpanSummary> span_summaries() const;
  [[nodiscard]] bool has_block(const Uuid& block_id) const;
  // Waits until `reached` holds: true, or false after `timeout`. It is asked after every request,
  // under the collector's lock, and must not call the collector.
  bool wait_for(const std::function<bool(const CollectorStats&)>& reached,
                std::chrono::milliseconds timeout) const;

 private:
  class Impl;
  explicit Collector(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace micromegas::collector

#endif  // MICROMEGAS_TRANSPORT_COLLECTOR_COLLECTOR_H_
