// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/row_reader.h"
#include "micromegas/transport/wire/rows.h"

namespace micromegas::wire {
namespace {

struct ImageType {
  std::string_view name;
};

constexpr ImageType kImageTypes[] = {{"ImageEvent"}};

}  // namespace

Result<std::int64_t> for_each_image_row(const DecodedProcess& process, const DecodedStream& stream,
                                        const DecodedBlock& block,
                                        FunctionRef<void(const ImageRow&)> visit,
                                        const DecodeLimits& limits) {
  const Result<TickClock> clock = TickClock::make(process, block);
  if (!clock) return clock.error();
  const auto read = [&](RowReader& reader, const ImageType&, std::int64_t event_id,
                        const Object& event) {
    ImageRow row;
    row.event_id = event_id;
    row.ticks = reader.i64(event, "time");
    row.time = clock->time(row.ticks);
    row.name = reader.text(event, "name");
    row.format = reader.text(event, "format");
    const Value* const data = event.find("data");
    const auto* const bytes = data != nullptr ? std::get_if<Bytes>(data) : nullptr;
    if (bytes == nullptr) {
      reader.fail("member 'data' is missing or of another type");
    } else {
      row.data = bytes->data;
    }
    if (reader.ok()) visit(row);
  };
  return read_rows(stream, block, limits, kImageTypes, read);
}

}  // namespace micromegas::wire
