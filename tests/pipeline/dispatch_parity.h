// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_TESTS_PIPELINE_DISPATCH_PARITY_H_
#define MICROMEGAS_TESTS_PIPELINE_DISPATCH_PARITY_H_

#include <vector>

namespace micromegas {

// The address of each function of dispatch.h.
std::vector<const void*> dispatch_functions();

}  // namespace micromegas

#endif  // MICROMEGAS_TESTS_PIPELINE_DISPATCH_PARITY_H_
