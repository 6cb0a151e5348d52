// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What was dropped, as metrics: telemetry_dropped_logs, _metrics, _traces and _metadata, as the
// official client names them, with the reason as a property. Not part of the surface.
#ifndef MICROMEGAS_DROP_REPORTER_H_
#define MICROMEGAS_DROP_REPORTER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "micromegas/pipeline/sink/stats.h"
#include "micromegas/transport/upload/stats.h"

namespace micromegas {

class DropReporter {
 public:
  // `soft_bytes`: of the upload.
  explicit DropReporter(std::size_t soft_bytes) : soft_bytes_(soft_bytes) {}

  // Records what has been dropped since the last report; nothing while the upload's memory is
  // short, since the report would be dropped too. `books` are the pipeline's, without the upload's.
  void report(const EventStats& books, const UploadStats& upload);

 private:
  static constexpr std::size_t kGroups = 3;  // logs, metrics, traces

  std::size_t soft_bytes_;
  std::array<std::array<std::uint64_t, kDropReasons>, kGroups> told_{};
  std::uint64_t metadata_told_ = 0;
};

}  // namespace micromegas

#endif  // MICROMEGAS_DROP_REPORTER_H_
