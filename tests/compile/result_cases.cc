// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/result.h"

#include <string>

struct Unrelated {};

inline micromegas::Result<std::string> make() {
#ifdef ERROR_AS_VALUE
  return Unrelated{};
#else
  return std::string("a value");
#endif
}

inline bool use() {
#ifdef DROPPED
  make();
#endif
  return make().has_value();
}
