// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/telemetry.h"

int main(int argc, char** argv) {
  static const auto& telemetry = *new auto(micromegas::init_telemetry());
  (void)telemetry;
  MM_INFO("hello {:>8} {} {:.2f} {} {} {} {}", argv[0], argc, argc * 1.5, argc * 1.5F, argc > 1,
          static_cast<char>(argc), static_cast<const void*>(argv));
}
