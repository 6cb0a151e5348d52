// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Cuts a block that is too large for a server, or for a proxy before it, into two: from the bytes
// of its body, so that nobody has to keep a block's events once it is encoded.
#ifndef MICROMEGAS_TRANSPORT_WIRE_SPLIT_H_
#define MICROMEGAS_TRANSPORT_WIRE_SPLIT_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/process_info.h"
#include "micromegas/pipeline/sink/stats.h"
#include "micromegas/platform/result.h"
#include "micromegas/platform/uuid.h"

namespace micromegas::wire {

struct HalfBlock {
  Uuid block_id;  // a new one
  std::string body;
  std::array<std::uint64_t, kEventKinds> events{};
};

// `body` is one of BlockEncoder's, for a stream of this kind and this process. Each half has the
// dependencies that its events use; object offsets are contiguous, in thread streams the bounds
// meet. Fails if there is one event only, or if the body is not one of ours.
Result<std::array<HalfBlock, 2>> split_block(std::string_view body, StreamKind kind,
                                             const ProcessInfo& process);

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_SPLIT_H_
