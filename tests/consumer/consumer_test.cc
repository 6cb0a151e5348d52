// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a user's repository sees: its own libraries underneath.

#include <gtest/gtest.h>

TEST(Consumer, PutsItsOwnLibrariesUnderneath) {
#ifndef CONSUMERS_OWN_FMT
  FAIL() << "the flag for fmt was not heard";
#endif
#ifndef CONSUMERS_OWN_ASIO
  FAIL() << "the flag for asio was not heard";
#endif
#ifndef CONSUMERS_OWN_JSON
  FAIL() << "the repository of the same name was not used";
#endif
}
