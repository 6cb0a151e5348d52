// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The blocks that the flush actor makes of events, kept, to see what becomes of them one step at a
// time.
#ifndef MICROMEGAS_BENCH_OURS_CAPTURED_H_
#define MICROMEGAS_BENCH_OURS_CAPTURED_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/transport/wire/encode.h"

namespace bench {

class CapturingSink : public micromegas::EventSink {
 public:
  using Encode = std::function<micromegas::Result<micromegas::wire::EncodedBlock>(
      micromegas::wire::BlockEncoder&)>;

  void on_startup(std::shared_ptr<const micromegas::ProcessInfo> process) override {
    process_ = std::move(process);
  }
  bool on_log_enabled(const micromegas::LogMetadata& /*metadata*/) override { return false; }
  void on_process_log_block(std::shared_ptr<const micromegas::LogBlock> block) override {
    keep(std::move(block));
  }
  void on_process_metrics_block(std::shared_ptr<const micromegas::MetricsBlock> block) override {
    keep(std::move(block));
  }
  void on_process_thread_block(std::shared_ptr<const micromegas::ThreadBlock> block) override {
    keep(std::move(block));
  }

  // Once telemetry has ended.
  [[nodiscard]] const std::vector<Encode>& blocks() const { return blocks_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  template <class Block>
  void keep(std::shared_ptr<const Block> block) {
    events_ += static_cast<std::uint64_t>(block->event_count());
    blocks_.push_back([block, process = process_](micromegas::wire::BlockEncoder& encoder) {
      return encoder.encode(*block, *process);
    });
  }

  std::shared_ptr<const micromegas::ProcessInfo> process_;
  std::vector<Encode> blocks_;
  std::uint64_t events_ = 0;
};

}  // namespace bench

#endif  // MICROMEGAS_BENCH_OURS_CAPTURED_H_
