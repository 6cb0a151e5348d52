// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The spans of coroutines, on the consumer's own Asio.

#include <gtest/gtest.h>

#include <asio.hpp>
#include <map>
#include <string>

#include "micromegas/asio.h"
#include "micromegas/testing.h"

namespace {

asio::awaitable<int> query() {
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  MM_ASYNC_SPAN_FN();
  co_return 7;
}

asio::awaitable<void> handle(int& rows) { rows = co_await MM_ASYNC_SPAN("fetch", query()); }

TEST(Consumer, SeesTheTreeOfItsCoroutines) {
  micromegas::testing::Recorder recorder;
  asio::io_context context;
  int rows = 0;
  micromegas::co_spawn(context, MM_ASYNC_SPAN("request", handle(rows)), asio::detached);
  context.run();
  EXPECT_EQ(rows, 7);
  std::map<std::string, micromegas::MemorySink::AsyncSpan> spans;
  for (const auto& span : recorder.sink().async_spans()) spans[span.name] = span;
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans["request"].parent_span_id, 0u);
  EXPECT_EQ(spans["fetch"].parent_span_id, spans["request"].span_id);
  EXPECT_EQ(spans["query"].parent_span_id, spans["fetch"].span_id);
}

}  // namespace
