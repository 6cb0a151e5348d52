// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The dependencies that some of a block's records refer to, directly or through one another.
#ifndef MICROMEGAS_TRANSPORT_WIRE_USED_DEPENDENCIES_H_
#define MICROMEGAS_TRANSPORT_WIRE_USED_DEPENDENCIES_H_

#include <string_view>

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/platform/result.h"
#include "micromegas/transport/wire/byte_buffer.h"

namespace micromegas::wire {

// Writes to `used`, in their order and under their ids, those of `dependencies` that `objects`
// need. Both are uncompressed and of this client's layout; an error if they are not.
Result<void> copy_used_dependencies(std::string_view dependencies, std::string_view objects,
                                    StreamKind kind, ByteBuffer& used);

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_USED_DEPENDENCIES_H_
