// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A user's type with a {fmt} formatter: what a log formats at the call site.
#ifndef MICROMEGAS_TESTS_PIPELINE_POINT_H_
#define MICROMEGAS_TESTS_PIPELINE_POINT_H_

#include "micromegas/fmt.h"

namespace micromegas::testing {
struct Point {
  int x;
};
}  // namespace micromegas::testing

template <>
struct fmt::formatter<micromegas::testing::Point> {
  constexpr auto parse(format_parse_context& context) { return context.begin(); }
  auto format(const micromegas::testing::Point& p, format_context& context) const {
    return fmt::format_to(context.out(), "({})", p.x);
  }
};

#endif  // MICROMEGAS_TESTS_PIPELINE_POINT_H_
