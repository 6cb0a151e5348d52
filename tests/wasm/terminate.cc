// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Ends as its arguments say.

#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>

#include "micromegas/sink.h"
#include "micromegas/telemetry.h"

namespace {

class Terminating : public micromegas::EventSink {
 public:
  void on_log(const micromegas::LogMetadata& /*metadata*/,
              std::span<const micromegas::Property> /*properties*/, std::int64_t /*time*/,
              std::string_view /*text*/) override {
    std::terminate();
  }
};

std::terminate_handler g_before_ours = nullptr;
void ours() { g_before_ours(); }

}  // namespace

int main(int argc, char** argv) {
  const std::string_view how = argc > 1 ? argv[1] : "";
  micromegas::TelemetryOptions options;
  if (how == "in-sink") options.sinks.push_back({std::make_shared<Terminating>()});
  if (how == "circle") {
    // Telemetry's handler calls ours, which was there first, and ours calls telemetry's.
    std::set_terminate(&ours);
  }
  static const auto& telemetry = *new auto(micromegas::init_telemetry(std::move(options)));
  if (!telemetry) return 1;
  if (how == "circle") g_before_ours = std::get_terminate();
  MM_INFO("ending: {}", how);
  if (how == "after") micromegas::shutdown(std::chrono::seconds(1));
  if (how == "abort") std::abort();
  if (how != "return") std::terminate();
}
