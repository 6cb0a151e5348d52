// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The same without the composite sink between: dispatch.h alone.

#include <cstdio>
#include <memory>

#include "micromegas/dispatch.h"
#include "micromegas/instrument.h"
#include "micromegas/sink.h"
#include "micromegas/telemetry.h"

namespace {

class Throwing : public micromegas::EventSink {
 public:
  void on_log(const micromegas::LogMetadata& /*metadata*/,
              std::span<const micromegas::Property> /*properties*/, std::int64_t /*time*/,
              std::string_view /*text*/) override {
    std::puts("throwing: log");
    throw 42;
  }
};

}  // namespace

int main() {
  namespace dispatch = micromegas::dispatch;
  if (!dispatch::init_event_dispatch(0, 0, 0, std::make_shared<Throwing>(), {}, false)) return 1;
  for (int i = 0; i < 3; ++i) MM_INFO("line {}", i);
  const micromegas::KindStats total = micromegas::stats().total();
  std::printf("recorded %d, dropped %d\n", static_cast<int>(total.recorded),
              static_cast<int>(total.dropped_total()));
  dispatch::shutdown_dispatch();
  std::puts("goes on");
}
