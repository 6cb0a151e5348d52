// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/pipeline/static_level.h"
#include "micromegas/tests/pipeline/static_level_statements.h"

namespace micromegas::static_level {

Seen log_up_to_warn() {
  Seen seen;
  LOG_EVERY_LEVEL("low-marker", seen);
  return seen;
}

Seen record_up_to_med() {
  Seen seen;
  RECORD_EVERY_VERBOSITY("low-marker", seen);
  return seen;
}

}  // namespace micromegas::static_level
