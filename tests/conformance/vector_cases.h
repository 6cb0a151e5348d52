// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The golden vectors (tests/wire/data), ready for the official program.
#ifndef MICROMEGAS_TESTS_CONFORMANCE_VECTOR_CASES_H_
#define MICROMEGAS_TESTS_CONFORMANCE_VECTOR_CASES_H_

#include <string>
#include <vector>

#include "micromegas/tests/conformance/mutate.h"
#include "micromegas/tests/wire/vectors.h"

namespace micromegas::conformance {

// Whether it is well-formed and only the row functions refuse it: a span that ends another one, a
// level that is none, text where properties belong.
bool only_rows_refuse(const wire::testing::Vector& vector);

// For `official judge`: its stream and its records.
std::vector<Case> vector_cases(const wire::testing::Vector& vector);

// A new folder with a process, the stream and one block that holds the vector.
std::string vector_folder(const wire::testing::Vector& vector);

}  // namespace micromegas::conformance

#endif  // MICROMEGAS_TESTS_CONFORMANCE_VECTOR_CASES_H_
