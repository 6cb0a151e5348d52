// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/telemetry.h"

int main() {
  static const auto& telemetry = *new auto(micromegas::init_telemetry());
  (void)telemetry;
  MM_INFO("hello");
}
