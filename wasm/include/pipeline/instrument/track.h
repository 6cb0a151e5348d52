// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Stands in for the native header of the same path: on wasm32 tracks are silent, as all spans are.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_TRACK_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_TRACK_H_

#include <cstdint>
#include <string_view>

#include "micromegas/pipeline/instrument/recorder.h"

namespace micromegas {

class Track {
 public:
  explicit Track(std::string_view /*name*/) noexcept {}
  ~Track() {}  // NOLINT(modernize-use-equals-default): not an unused variable
  Track(const Track&) = delete;
  Track& operator=(const Track&) = delete;

  template <class... Args>
  void begin(std::string_view /*name*/, const Args&... /*properties*/) {
    static_assert(detail::check_properties<Args...>());
  }
  void end() {}
  template <class... Args>
  void begin_at(std::int64_t /*time*/, std::string_view /*name*/, const Args&... /*properties*/) {
    static_assert(detail::check_properties<Args...>());
  }
  void end_at(std::int64_t /*time*/) {}
  template <class... Args>
  void span(std::string_view /*name*/, std::int64_t /*begin_time*/, std::int64_t /*end_time*/,
            const Args&... /*properties*/) {
    static_assert(detail::check_properties<Args...>());
  }
  void close() noexcept {}
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_TRACK_H_
