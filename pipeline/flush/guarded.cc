// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/guarded.h"

#include "micromegas/platform/diagnostics.h"

namespace micromegas::pipeline {

void say_that_a_sink_threw(const char* what, const char* why) noexcept {
  try {
    diagnose("sink.threw", std::string("a sink's ") + what + " threw" + why);
  } catch (...) {
    diagnose("sink.threw", "a sink threw");
  }
}

}  // namespace micromegas::pipeline
