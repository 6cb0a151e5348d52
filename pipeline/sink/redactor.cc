// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/redactor.h"

#include "micromegas/platform/diagnostics.h"

namespace micromegas {

std::optional<std::string> redacted(const Redactor& redactor, std::string_view name,
                                    std::string_view value) {
#if defined(__cpp_exceptions)
  try {
    return redactor(name, value);
  } catch (...) {
    diagnose("redactor.threw", "the redactor threw; the value is left out");
    return "[redactor threw]";
  }
#else
  return redactor(name, value);
#endif
}

}  // namespace micromegas
