// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A program that uses both libraries in one file.

#include <gtest/gtest.h>

#include <asio/detached.hpp>
#include <boost/asio/detached.hpp>

#include "micromegas/asio.h"
#include "micromegas/boost_asio.h"
#include "micromegas/tests/pipeline/session_fixture.h"

namespace micromegas {
namespace {

using BothTest = SessionTest;

TEST_F(BothTest, TheTwoDoNotMeet) {
  start();
  asio::io_context first;
  boost::asio::io_context second;
  std::uint64_t seen[4] = {};
  std::uint64_t expected = 0;
  {
    MM_ASYNC_SPAN_VAR(span, "span");
    expected = span.id();
    const SpanContextScope scope(span.context());
    micromegas::co_spawn(
        first,
        [&]() -> asio::awaitable<void> {
          seen[0] = current_span_id();
          co_return;
        },
        asio::detached);
    micromegas::co_spawn(
        second,
        [&]() -> boost::asio::awaitable<void> {
          seen[1] = current_span_id();
          co_return;
        },
        boost::asio::detached);
    span_executor(first.get_executor()).execute([&] { seen[2] = current_span_id(); });
    span_executor(second.get_executor()).execute([&] { seen[3] = current_span_id(); });
  }
  first.run();
  second.run();
  for (const std::uint64_t id : seen) EXPECT_EQ(id, expected);
}

}  // namespace
}  // namespace micromegas
