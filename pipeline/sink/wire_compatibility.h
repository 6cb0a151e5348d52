// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_PIPELINE_SINK_WIRE_COMPATIBILITY_H_
#define MICROMEGAS_PIPELINE_SINK_WIRE_COMPATIBILITY_H_

#include <cstdint>

namespace micromegas {

// What the analytics behind the server reads. Nothing on the wire tells its version: the user says.
enum class WireCompatibility : std::uint8_t {
  k033,        // every type of release 0.33
  kBefore033,  // only what 0.30 reads: a log with properties goes as text, a span loses its
               // properties (its end would not be seen, and break the stream's queries)
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_WIRE_COMPATIBILITY_H_
