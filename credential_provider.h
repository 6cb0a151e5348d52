// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// For TelemetryOptions::credential_provider: credentials of your own.
#ifndef MICROMEGAS_CREDENTIAL_PROVIDER_H_
#define MICROMEGAS_CREDENTIAL_PROVIDER_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include "micromegas/transport/credential_provider.h"

#endif  // MICROMEGAS_CREDENTIAL_PROVIDER_H_
