// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The last log of a process that dies of an exception.

#include <sys/resource.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "micromegas/tests/conformance/scenario.h"

namespace micromegas::conformance {

void set_terminate(TelemetryOptions& options) {
  options.handle_terminate = true;
  options.report_end = true;
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
}

void record_terminate(Expected& e) {
  e.log(4, "terminate", "before", [] { MM_INFO_T("terminate", "before"); });
  e.add({{"kind", "log"},
         {"level", 1},
         {"target", "micromegas"},
         {"msg", "std::terminate in thread main-thread (" + std::to_string(gettid()) +
                     "): std::runtime_error: disk voll: größe"},
         {"properties", json::object()},
         {"time", {now(), now() + 60'000'000'000}}});
}

void terminate() noexcept {
  const auto fail = [] { throw std::runtime_error("disk voll: größe"); };
  fail();
  __builtin_unreachable();
}

}  // namespace micromegas::conformance
