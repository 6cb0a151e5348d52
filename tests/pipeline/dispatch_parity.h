// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_TESTS_PIPELINE_DISPATCH_PARITY_H_
#define MICROMEGAS_TESTS_PIPELINE_DISPATCH_PARITY_H_

#include <memory>
#include <vector>

#include "micromegas/sink.h"

namespace micromegas {

// The address of each function of dispatch.h.
std::vector<const void*> dispatch_functions();

std::shared_ptr<EventSink> sink_with_every_function();
void use_every_macro();
// Nothing where the compiler has no coroutines.
void use_macros_in_a_coroutine();

}  // namespace micromegas

#endif  // MICROMEGAS_TESTS_PIPELINE_DISPATCH_PARITY_H_
