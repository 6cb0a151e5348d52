// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the demo tells at its end, as a table and as JSON.
#ifndef MICROMEGAS_EXAMPLES_DEMO_REPORT_H_
#define MICROMEGAS_EXAMPLES_DEMO_REPORT_H_

#include <optional>
#include <string>
#include <vector>

#include "micromegas/examples/indexer.h"
#include "micromegas/telemetry.h"
#include "micromegas/transport/collector/stats.h"

namespace demo {

struct Report {
  indexer::Index index;
  double job_seconds = 0;
  micromegas::TelemetryStats client;
  // None if the job reported to a server that is not ours: then delivered is what it acknowledged.
  std::optional<micromegas::collector::CollectorStats> collector;
  std::vector<micromegas::collector::SpanSummary> spans;
};

// Every recorded event was delivered.
bool all_delivered(const Report& report);
void print(const Report& report);
bool write_json(const Report& report, const std::string& path);

}  // namespace demo

#endif  // MICROMEGAS_EXAMPLES_DEMO_REPORT_H_
