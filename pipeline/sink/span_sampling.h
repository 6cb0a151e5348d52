// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_PIPELINE_SINK_SPAN_SAMPLING_H_
#define MICROMEGAS_PIPELINE_SINK_SPAN_SAMPLING_H_

#include <cstdint>

namespace micromegas {

// Which of the recorded spans are given to the sinks (sampling.h).
enum class SpanSampling : std::uint8_t {
  kAll,
  kWindows,  // those in blocks that overlap a window
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_SPAN_SAMPLING_H_
