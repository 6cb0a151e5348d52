// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The same statements in two files of one program, of which one has MICROMEGAS_STATIC_MAX_LEVEL 3.
#ifndef MICROMEGAS_TESTS_PIPELINE_STATIC_LEVEL_H_
#define MICROMEGAS_TESTS_PIPELINE_STATIC_LEVEL_H_

#include <string>

namespace micromegas::static_level {

struct Seen {
  std::string evaluated;  // the levels whose arguments were: "FEWIDT"
  std::string enabled;    // the same, by MM_LOG_ENABLED
  int names = 0;          // values and names of metrics and spans that were evaluated
};

Seen log_up_to_warn();  // static_level_low.cc
Seen log_everything();
Seen record_up_to_med();  // static_level_low.cc, where kMin is the default
Seen record_everything();

}  // namespace micromegas::static_level

#endif  // MICROMEGAS_TESTS_PIPELINE_STATIC_LEVEL_H_
