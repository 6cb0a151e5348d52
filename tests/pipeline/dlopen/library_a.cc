// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A plugin that is instrumented with macros; it contains //:instrument.

#include "micromegas/instrument.h"
#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/tests/pipeline/dlopen/library.h"

namespace {

struct RecordsWhenDestroyed {
  ~RecordsWhenDestroyed() { MM_INFO("static destructor of library a"); }
} g_static;

}  // namespace

extern "C" {

void record_a(int thread, int events) {
  MM_SPAN_FN();
  for (int i = 0; i < events; ++i) {
    MM_SPAN("work in a");
    MM_INFO_T("library.a", "a {thread} {i} {}", thread, i, "text of a");
    MM_IMETRIC("depth.a", "count", i);
    MM_COUNTER("turns.a", "count", 1);
  }
}

void registry_a(micromegas::dlopen_test::Registry* out) {
  *out = {&micromegas::queue::Runtime::get(),
          &micromegas_v0_thread,
          &micromegas_v0_hot_page,
          &micromegas_v0_nobody,
          nullptr,
          &micromegas::PropertySet::intern({{"tenant", "acme"}, {"tier", "gold"}})};
}

const char* place_a() { return __FILE__; }
}
