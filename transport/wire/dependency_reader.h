// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_TRANSPORT_WIRE_DEPENDENCY_READER_H_
#define MICROMEGAS_TRANSPORT_WIRE_DEPENDENCY_READER_H_

#include <string_view>

#include "micromegas/transport/wire/record_reader.h"
#include "micromegas/transport/wire/schema.h"
#include "micromegas/transport/wire/value_arena.h"

namespace micromegas::wire {

// Reads the dependencies of a block into `reader`; their values live in `arena` and `buffer`.
bool read_dependencies(std::string_view buffer, Schema& schema, ValueArena& arena,
                       RecordReader& reader);

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_DEPENDENCY_READER_H_
