// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <asio.hpp>

TEST(Deps, AsioIsStandalone) {
#ifndef ASIO_STANDALONE
  FAIL() << "Asio must not bring Boost in";
#endif
  asio::io_context context;
  int ran = 0;
  asio::post(context, [&] { ++ran; });
  context.run();
  EXPECT_EQ(ran, 1);
}
