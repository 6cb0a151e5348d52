// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Each label of //platform/deps gives the headers that its comment promises, and links.

#include <benchmark/benchmark.h>
#include <concurrentqueue/concurrentqueue.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lz4frame.h>
#include <openssl/ssl.h>

#include <nlohmann/json.hpp>

TEST(Deps, FmtFormats) { EXPECT_EQ(fmt::format("{:.1f}", 1.25), "1.2"); }

TEST(Deps, ConcurrentQueueMoves) {
  moodycamel::ConcurrentQueue<int> queue;
  queue.enqueue(7);
  int value = 0;
  ASSERT_TRUE(queue.try_dequeue(value));
  EXPECT_EQ(value, 7);
}

TEST(Deps, Lz4FrameLinks) { EXPECT_GT(LZ4F_compressFrameBound(100, nullptr), 100u); }

TEST(Deps, OpenSslLinks) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  EXPECT_NE(context, nullptr);
  SSL_CTX_free(context);
}

TEST(Deps, JsonReadsCbor) {
  const auto cbor = nlohmann::json::to_cbor({{"a", 1}});
  EXPECT_THAT(nlohmann::json::from_cbor(cbor)["a"], testing::Eq(1));
}

TEST(Deps, BenchmarkLinks) { EXPECT_FALSE(benchmark::ReportUnrecognizedArguments(0, nullptr)); }
