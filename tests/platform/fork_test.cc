// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/fork.h"

#include <gtest/gtest.h>

#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

int g_prepared = 0;
int g_in_parent = 0;
int g_in_child = 0;

TEST(Fork, HooksRunOnceEachHoweverOftenTheyAreSet) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(set_fork_hooks([] { ++g_prepared; }, [] { ++g_in_parent; }, [] { ++g_in_child; }));
  }
  const int status = testing::run_child(
      [] { _exit(g_prepared == 1 && g_in_parent == 0 && g_in_child == 1 ? 0 : 1); });
  EXPECT_TRUE(testing::exited_with(status, 0));
  EXPECT_EQ(g_prepared, 1);
  EXPECT_EQ(g_in_parent, 1);
  EXPECT_EQ(g_in_child, 0);

  ASSERT_TRUE(set_fork_hooks(
      nullptr, [] { g_in_parent = 10; }, nullptr));
  EXPECT_TRUE(testing::exited_with(testing::run_child([] { _exit(g_in_child); }), 0));
  EXPECT_EQ(g_prepared, 1);
  EXPECT_EQ(g_in_parent, 10);
}

}  // namespace
}  // namespace micromegas
