// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A plugin that bridges another logger: it contains //:sink, and so the whole of dispatch.

#include <string>

#include "micromegas/dispatch.h"
#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/tests/pipeline/dlopen/library.h"

extern "C" {

void* micromegas_v0_sessions() noexcept;

void record_b(int thread, int events) {
  static const auto& properties =
      micromegas::PropertySet::intern({{"tenant", "acme"}, {"tier", "gold"}});
  static constinit micromegas::LogMetadata bridge{
      .level = micromegas::Level::kWarn, .target = "library.b", .file = "bridge.py", .line = 7};
  static constinit micromegas::StaticMetricMetadata metric{
      .name = "depth.b", .unit = "bytes", .target = "library.b"};
  for (int i = 0; i < events; ++i) {
    MM_SPAN_DYN("run-time " + std::to_string(thread));
    micromegas::dispatch::log_tagged(bridge, properties,
                                     "b " + std::to_string(thread) + " " + std::to_string(i));
    micromegas::dispatch::tagged_float_metric(metric, properties, 0.5);
  }
}

void registry_b(micromegas::dlopen_test::Registry* out) {
  *out = {&micromegas::queue::Runtime::get(),
          &micromegas_v0_thread,
          &micromegas_v0_hot_page,
          &micromegas_v0_nobody,
          micromegas_v0_sessions(),
          &micromegas::PropertySet::intern({{"tenant", "acme"}, {"tier", "gold"}})};
}

// By functions, on a thread that has not recorded yet.
void scopes_b(int scopes) {
  static constinit micromegas::SpanMetadata scope{.name = "scope of b"};
  micromegas::dispatch::on_end_scope(scope);
  micromegas::dispatch::unregister_thread_stream();
  micromegas::dispatch::init_thread_stream();
  for (int i = 0; i < scopes; ++i) {
    micromegas::dispatch::on_begin_scope(scope);
    micromegas::dispatch::on_end_scope(scope);
  }
}

const char* place_b() { return __FILE__; }
}
