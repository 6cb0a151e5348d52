// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The specs of users' types are checked by their own formatters, at compile time.

#include <chrono>

#include <fmt/chrono.h>

#include "micromegas/fmt.h"

struct Point {
  int x = 0;
};
struct Bare {
  int x = 0;
};

template <>
struct fmt::formatter<Point> {
  bool hex = false;

  constexpr auto parse(format_parse_context& context) {
    auto at = context.begin();
    if (at != context.end() && *at == 'x') {
      hex = true;
      ++at;
    }
    return at;
  }
  auto format(const Point& p, format_context& context) const {
    return hex ? fmt::format_to(context.out(), "{:x}", p.x)
               : fmt::format_to(context.out(), "{}", p.x);
  }
};

inline void cases(const Point& point, const Bare& bare) {
  MM_INFO("{} {:x} {}", point, point, bare.x);
  MM_INFO("{:%S}", std::chrono::milliseconds(1500));

#ifdef UNKNOWN_SPEC
  MM_INFO("{:y}", point);
#endif
#ifdef SPEC_WITH_A_TAIL
  MM_INFO("{:xx}", point);
#endif
#ifdef WIDTH_FROM_AN_ARGUMENT
  MM_INFO("{:{}}", point, 3);
#endif
#ifdef NO_FORMATTER
  MM_INFO("{}", bare);
#endif
#ifdef RESERVED_NAME
  MM_INFO("{LEVEL}", point);
#endif
}
