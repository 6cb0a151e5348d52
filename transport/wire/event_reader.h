// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_TRANSPORT_WIRE_EVENT_READER_H_
#define MICROMEGAS_TRANSPORT_WIRE_EVENT_READER_H_

#include "micromegas/transport/wire/record_reader.h"
#include "micromegas/transport/wire/schema.h"
#include "micromegas/transport/wire/value.h"
#include "micromegas/transport/wire/value_arena.h"

namespace micromegas::wire {

// Reads one event; its values live in `arena` and the record. A type of its own size that the
// official parser has no reader for gives an object without members.
bool read_event(const RecordReader::Record& record, Schema& schema, ValueArena& arena,
                RecordReader& reader, Object& event);

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_EVENT_READER_H_
