// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Calls of a sink: it is the application's code, and may throw.
#ifndef MICROMEGAS_PIPELINE_FLUSH_GUARDED_H_
#define MICROMEGAS_PIPELINE_FLUSH_GUARDED_H_

#include <exception>
#include <string>

namespace micromegas::pipeline {

void say_that_a_sink_threw(const char* what, const char* why) noexcept;

// False: `call` threw, which was said. `what`: of the sink, as a diagnostic names it.
template <class F>
bool guarded(const char* what, F call) noexcept {
  try {
    call();
    return true;
  } catch (const std::exception& error) {
    try {
      say_that_a_sink_threw(what, (std::string(": ") + error.what()).c_str());
    } catch (...) {
      say_that_a_sink_threw(what, "");
    }
  } catch (...) {
    say_that_a_sink_threw(what, "");
  }
  return false;
}

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_GUARDED_H_
