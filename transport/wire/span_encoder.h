// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_TRANSPORT_WIRE_SPAN_ENCODER_H_
#define MICROMEGAS_TRANSPORT_WIRE_SPAN_ENCODER_H_

#include <cstdint>

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/transport/wire/block_writer.h"

namespace micromegas::wire {

class SpanEncoder final : public BlockWriter {
 public:
  explicit SpanEncoder(EncodeOptions options = {});

  void begin(const ProcessInfo& process) {
    last_ = nullptr;
    BlockWriter::begin(process);
  }
  // Properties of a begin are left out: the protocol has none. So are all, before 0.33.
  void add(const SpanEvent& event);

 private:
  __attribute__((noinline)) void add_other(const SpanEvent& event);
  std::uint64_t descriptor(const SpanEvent& event, bool with_properties, std::uint64_t& name);

  // Many an end follows its begin.
  const SpanMetadata* last_ = nullptr;
  std::uint64_t last_id_ = 0;
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_SPAN_ENCODER_H_
