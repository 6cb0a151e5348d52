// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Events as function calls, for bridges from another logger.
#ifndef MICROMEGAS_DISPATCH_H_
#define MICROMEGAS_DISPATCH_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include "micromegas/pipeline/dispatch.h"

#endif  // MICROMEGAS_DISPATCH_H_
