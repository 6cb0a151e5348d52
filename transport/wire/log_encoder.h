// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_TRANSPORT_WIRE_LOG_ENCODER_H_
#define MICROMEGAS_TRANSPORT_WIRE_LOG_ENCODER_H_

#include <cstdint>

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/transport/wire/block_writer.h"

namespace micromegas::wire {

class LogEncoder final : public BlockWriter {
 public:
  explicit LogEncoder(EncodeOptions options = {});

  // Properties named "level" or "target" are left out: the server reads them as overrides of the
  // columns, and a level that it cannot read costs the whole block. Events of form kInterop keep
  // them; there the server does not look.
  void add(const LogEvent& event);

 private:
  // What of a descriptor the event needs; one call site may need several.
  enum class Format : std::uint8_t { kAsWritten, kLiteral, kTemplate };
  [[nodiscard]] Format format_of(const LogEvent& event) const noexcept;
  void add_interop(const LogEvent& event);
  std::uint64_t descriptor(const LogEvent& event, Format format, bool& tagged);
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_LOG_ENCODER_H_
