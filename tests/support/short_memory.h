// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A program that links this has an operator new that can be told to refuse. The ones that return
// null, and malloc, never do.
#ifndef MICROMEGAS_TESTS_SUPPORT_SHORT_MEMORY_H_
#define MICROMEGAS_TESTS_SUPPORT_SHORT_MEMORY_H_

#include <cstdint>

namespace micromegas::testing_support {

// Whether the calling thread is one of those that get nothing while memory is short: at first none
// is.
void set_poor(bool poor) noexcept;

// Any thread; at first it is not.
void set_memory_short(bool is_short) noexcept;

// How often memory was refused.
std::uint64_t refused_memory() noexcept;

}  // namespace micromegas::testing_support

#endif  // MICROMEGAS_TESTS_SUPPORT_SHORT_MEMORY_H_
