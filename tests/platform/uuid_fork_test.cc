// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "micromegas/platform/uuid.h"
#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

TEST(Uuid, ForkedChildDrawsOtherIds) {
  testing::Pipe pipe;
  const int status = testing::run_child([&] {
    const std::string text = Uuid::random().to_string();
    if (write(pipe.write_end(), text.data(), text.size()) != 36) _exit(1);
  });
  EXPECT_TRUE(testing::exited_with(status, 0));
  EXPECT_NE(pipe.read_all(), Uuid::random().to_string());
}

}  // namespace
}  // namespace micromegas
