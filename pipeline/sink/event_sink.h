// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Where events go. Derive from EventSink and give it to the telemetry guard's options; every
// function has an empty default.
//
// Threading: natively the flush actor calls everything but is_busy(), one call at a time, never
// while a lock is held. A sink may log; it may throw (the exception is swallowed and reported on
// the diagnostics channel); while it sleeps, the queues fill and then drop, the program goes on.
#ifndef MICROMEGAS_PIPELINE_SINK_EVENT_SINK_H_
#define MICROMEGAS_PIPELINE_SINK_EVENT_SINK_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/process_info.h"

namespace micromegas {

class EventSink {
 public:
  virtual ~EventSink() = default;

  virtual void on_startup(std::shared_ptr<const ProcessInfo> /*process*/) {}
  // The last call. What the sink still holds is sent, written or counted within its own deadline.
  virtual void on_shutdown() {}

  // Whether the sink wants the live lines of this call site (not its blocks). Keep it quick: it is
  // asked before each line, but not for those of a call site that no sink has wanted since the last
  // filter change (on wasm32 for those too). So a no that becomes a yes may be seen at the next one
  // only.
  virtual bool on_log_enabled(const LogMetadata& /*metadata*/) { return true; }
  // One live line, within tens of milliseconds of the event; in time order per thread.
  // `time`: as in block.h natively, microseconds since the epoch on wasm32.
  virtual void on_log(const LogMetadata& /*metadata*/, std::span<const Property> /*properties*/,
                      std::int64_t /*time*/, std::string_view /*text*/) {}

  // Each stream is announced before its first block.
  virtual void on_init_log_stream(const LogStream& /*stream*/) {}
  virtual void on_process_log_block(std::shared_ptr<const LogBlock> /*block*/) {}
  virtual void on_init_metrics_stream(const MetricsStream& /*stream*/) {}
  virtual void on_process_metrics_block(std::shared_ptr<const MetricsBlock> /*block*/) {}
  virtual void on_init_thread_stream(const ThreadStream& /*stream*/) {}
  virtual void on_process_thread_block(std::shared_ptr<const ThreadBlock> /*block*/) {}
  // The thread has ended, and so has its stream, which was announced: no block of it follows.
  // on_shutdown() ends those that are left, without this call.
  virtual void on_end_thread_stream(const ThreadStream& /*stream*/) {}
  // Natively only; announced with its first block, if there ever is one.
  virtual void on_init_image_stream(const ImageStream& /*stream*/) {}
  virtual void on_process_image_block(std::shared_ptr<const ImageBlock> /*block*/) {}

  // Busy with disk or network: avoid extra flushing. Any thread.
  [[nodiscard]] virtual bool is_busy() const { return false; }
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_EVENT_SINK_H_
