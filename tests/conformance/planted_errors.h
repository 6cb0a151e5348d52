// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Mistakes that an encoder could make, each planted in a copy of what was sent. What does not turn
// red with every one of them is no proof.
#ifndef MICROMEGAS_TESTS_CONFORMANCE_PLANTED_ERRORS_H_
#define MICROMEGAS_TESTS_CONFORMANCE_PLANTED_ERRORS_H_

#include <ostream>
#include <vector>

#include "micromegas/tests/conformance/edit.h"

namespace micromegas::conformance {

// How far the official parser gets.
enum class Reads { kCleanly, kNotAtAll };
// The depths at which it must turn red. The parser's checks of counts and stamps are ours; the
// server takes those as they are.
enum class Found { kAtBoth, kByTheParserOnly };

struct PlantedError {
  const char* name;
  Reads reads;
  Found found;
  void (*plant)(EditableFolder& folder);
};

inline std::ostream& operator<<(std::ostream& out, const PlantedError& error) {
  return out << error.name;
}

const std::vector<PlantedError>& planted_errors();

}  // namespace micromegas::conformance

#endif  // MICROMEGAS_TESTS_CONFORMANCE_PLANTED_ERRORS_H_
