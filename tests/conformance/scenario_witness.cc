// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The library's own metrics, whose values nobody else knows: as a sink beside the upload gets them,
// before they are encoded.

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/sink.h"
#include "micromegas/tests/conformance/scenario.h"

namespace micromegas::conformance {
namespace {

class Witness : public EventSink {
 public:
  void on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) override {
    const std::lock_guard lock(mutex_);
    block->for_each([this](const MetricEvent& event) {
      if (event.metadata->target != "micromegas") return;
      json row = {{"kind", "metric"},
                  {"target", event.metadata->target},
                  {"name", event.name},
                  {"unit", event.unit},
                  {"value", event.is_float ? json(event.number) : json(event.integer)},
                  {"properties", json::object()},
                  {"time", {event.time, event.time}}};
      for (const Property& p : event.properties) row["properties"][std::string(p.name)] = p.value;
      seen_.push_back(std::move(row));
    });
  }
  std::vector<json> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<json> seen_;
};

const std::shared_ptr<Witness>& witness() {
  static const auto instance = std::make_shared<Witness>();
  return instance;
}

}  // namespace

void watch_own_metrics(TelemetryOptions& options) {
  options.sinks.push_back({witness(), LevelFilter::kTrace});
}

std::vector<json> own_metrics() { return witness()->seen(); }

}  // namespace micromegas::conformance
