// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/decode.h"
#include "micromegas/transport/wire/dependency_reader.h"
#include "micromegas/transport/wire/event_reader.h"
#include "micromegas/transport/wire/record_reader.h"
#include "micromegas/transport/wire/schema.h"
#include "micromegas/transport/wire/utf8.h"
#include "micromegas/transport/wire/value_arena.h"

namespace micromegas::wire {

Result<std::int64_t> for_each_event(const DecodedStream& stream, const DecodedBlock& block,
                                    FunctionRef<void(std::int64_t, const Object&)> visit,
                                    const DecodeLimits& limits) {
  RecordReader reader(limits);
  ValueArena dependency_values;
  Schema dependency_types(stream.dependencies_metadata);
  if (!read_dependencies(block.dependencies, dependency_types, dependency_values, reader)) {
    return Error(reader.error());
  }

  Schema object_types(stream.objects_metadata);
  ValueArena values;
  std::string_view buffer = block.objects;
  std::int64_t count = 0;
  while (!buffer.empty()) {
    const std::size_t at = block.objects.size() - buffer.size();
    const auto where = [&] {
      return "objects, byte " + std::to_string(at) + ", event " + std::to_string(count);
    };
    values.clear();
    RecordReader::Record record;
    if (!reader.next(buffer, object_types, record)) {
      reader.fail_in(where());
      return Error(reader.error());
    }
    Object event;
    if (!read_event(record, object_types, values, reader, event)) {
      reader.fail_in(where() + ", type " + quoted(object_types.type(record.type).name));
      return Error(reader.error());
    }
    // The sum wraps rather than overflows: the offset is the sender's.
    visit(static_cast<std::int64_t>(static_cast<std::uint64_t>(block.object_offset) +
                                    static_cast<std::uint64_t>(count)),
          event);
    ++count;
  }
  return count;
}

}  // namespace micromegas::wire
