// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A program whose sink throws at each line but the last. With exceptions it goes on; without, the
// first throw is its end.

#include <cstdio>
#include <memory>
#include <stdexcept>

#include "micromegas/sink.h"
#include "micromegas/telemetry.h"

namespace {

class Throwing : public micromegas::EventSink {
 public:
  void on_startup(std::shared_ptr<const micromegas::ProcessInfo> /*process*/) override {
    fail("startup");
  }
  void on_shutdown() override { fail("shutdown"); }
  bool on_log_enabled(const micromegas::LogMetadata& metadata) override {
    if (metadata.level == micromegas::Level::kDebug) fail("enabled");
    return true;
  }
  void on_log(const micromegas::LogMetadata& /*metadata*/,
              std::span<const micromegas::Property> /*properties*/, std::int64_t /*time*/,
              std::string_view text) override {
    if (text != "last") fail("log");
    std::puts("sink: last");
  }

 private:
  static void fail(const char* where) {
    std::printf("throwing: %s\n", where);
    throw std::runtime_error(where);
  }
};

}  // namespace

int main() {
  {
    const auto telemetry =
        micromegas::init_telemetry({.console = false, .sinks = {{std::make_shared<Throwing>()}}});
    if (!telemetry) return 1;
    MM_INFO("first");
    MM_DEBUG("second");
    MM_INFO("last");
    const micromegas::KindStats total = micromegas::stats().total();
    std::printf("recorded %d, delivered %d\n", static_cast<int>(total.recorded),
                static_cast<int>(total.delivered));
  }
  std::puts("goes on");
}
