// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_TRANSPORT_WIRE_METRICS_ENCODER_H_
#define MICROMEGAS_TRANSPORT_WIRE_METRICS_ENCODER_H_

#include <cstdint>

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/transport/wire/block_writer.h"

namespace micromegas::wire {

class MetricsEncoder final : public BlockWriter {
 public:
  explicit MetricsEncoder(EncodeOptions options = {});

  // A name and unit of run time get a descriptor of their own in the block. Properties named
  // "target", "name" or "unit" are left out: the server would rename the metric.
  void add(const MetricEvent& event);

 private:
  __attribute__((noinline)) void add_other(const MetricEvent& event, std::uint64_t value,
                                           std::int64_t time);
  std::uint64_t descriptor(const MetricEvent& event, bool& tagged);
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_METRICS_ENCODER_H_
