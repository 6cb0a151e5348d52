// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What was decoded as JSON, one line each, without the newline: keys sorted, UTF-8 as it is, NaN
// and the infinities as the strings "NaN", "inf", "-inf", bytes in hexadecimal. These are the lines
// that the official crates' values give, so two decoders can be compared with diff.
#ifndef MICROMEGAS_TRANSPORT_WIRE_JSON_LINES_H_
#define MICROMEGAS_TRANSPORT_WIRE_JSON_LINES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "micromegas/transport/wire/decode.h"

namespace micromegas::wire {

// {"process": {...}}
std::string process_line(const DecodedProcess& process);
// {"stream": {...}}; `file` names where the body lies, empty: left out.
std::string stream_line(const DecodedStream& stream, std::string_view file = {});
// {"block": {...}}
std::string block_line(const DecodedBlock& block, const DecodedStream& stream,
                       std::string_view file = {});
// {"block_id": ..., "event": {...}, "event_id": ...}; `event` as for_each_event() hands it out.
std::string event_line(const DecodedBlock& block, std::int64_t event_id, const Object& event);

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_JSON_LINES_H_
