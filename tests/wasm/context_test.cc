// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Context on wasm32: put to a log's own properties where it stands.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "micromegas/dispatch.h"
#include "micromegas/pipeline/sink/memory_sink.h"
#include "micromegas/telemetry.h"
#include "micromegas/tests/wasm/console_capture.h"

namespace micromegas {
namespace {

using namespace micromegas::literals;

class WasmContextTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(telemetry_); }
  void TearDown() override {
    EXPECT_TRUE(set_process_context({}));
    set_thread_context();
  }

  // The last log's, as name=value in their order.
  std::string last() const {
    std::string all;
    const auto logs = sink_->logs();
    for (const auto& [name, value] : logs.back().properties) {
      all += name + "=" + value + " ";
    }
    return all;
  }

  std::shared_ptr<MemorySink> sink_ = std::make_shared<MemorySink>();
  Result<TelemetryGuard> telemetry_ = init_telemetry({.console = false, .sinks = {{sink_}}});
};

TEST_F(WasmContextTest, ALogCarriesScopeThreadAndProcess) {
  ASSERT_TRUE(set_process_context({{"build", "7"}, {"tenant", "none"}}));
  set_thread_context("worker"_k = 3, "tenant"_k = "thread");
  {
    const ContextScope outer("tenant"_k = "acme", "n"_k = 1);
    {
      const ContextScope inner("N"_k = 2.5, PropertySet::intern({{"n", "set"}, {"tier", "gold"}}));
      MM_INFO("own wins", "TIER"_k = "own");
      EXPECT_EQ(last(), "TIER=own N=2.5 tenant=acme worker=3 build=7 ");
    }
    MM_INFO("inner is over");
    EXPECT_EQ(last(), "tenant=acme n=1 worker=3 build=7 ");
  }
  static constinit LogMetadata bridge{.level = Level::kInfo, .target = "bridge"};
  dispatch::log_tagged(bridge, PropertySet::intern({{"worker", "own"}}), "text");
  EXPECT_EQ(last(), "worker=own tenant=thread build=7 ");
  ASSERT_TRUE(set_process_context({}));
  set_thread_context();
  MM_INFO("nothing");
  EXPECT_EQ(last(), "");
}

TEST_F(WasmContextTest, AScopeFromBeforeTheStartIsSilentAndEndsNothing) {
  EXPECT_TRUE(shutdown(std::chrono::seconds(1)));
  std::optional<ContextScope> before;
  before.emplace("a"_k = 1);
  telemetry_ = init_telemetry({.console = false, .sinks = {{sink_}}});
  ASSERT_TRUE(telemetry_);
  const ContextScope scope("b"_k = 2);
  before.reset();
  MM_INFO("b only");
  EXPECT_EQ(last(), "b=2 ");
}

TEST_F(WasmContextTest, AnotherStartKnowsTheProcessesOnly) {
  ASSERT_TRUE(set_process_context({{"build", "7"}}));
  set_thread_context("worker"_k = 3);
  const ContextScope before("a"_k = 1);
  EXPECT_TRUE(shutdown(std::chrono::seconds(1)));
  telemetry_ = init_telemetry({.console = false, .sinks = {{sink_}}});
  ASSERT_TRUE(telemetry_);
  MM_INFO("of the process");
  EXPECT_EQ(last(), "build=7 ");
}

TEST_F(WasmContextTest, IsKeptWhileAllLogsAreFilteredOut) {
  set_max_level(LevelFilter::kOff);
  const ContextScope scope("a"_k = 1);
  set_max_level(LevelFilter::kTrace);
  MM_INFO("with it");
  EXPECT_EQ(last(), "a=1 ");
}

TEST_F(WasmContextTest, TheProcessesKeepsToTheLimitsOfAPropertySet) {
  PropertyMap many{{"a", std::string(PropertySet::kMaxValueBytes + 1, 'x')}};
  for (std::size_t i = 0; i < PropertySet::kMaxProperties; ++i) {
    many["key" + std::to_string(i)] = "value";
  }
  ASSERT_TRUE(set_process_context(many));
  MM_INFO("with it");
  const auto logs = sink_->logs();
  EXPECT_EQ(logs.back().properties.size(), PropertySet::kMaxProperties);
  EXPECT_EQ(logs.back().properties.front().value.size(), PropertySet::kMaxValueBytes);
  EXPECT_EQ(stats().refused_properties, 1u);
}

TEST_F(WasmContextTest, ANameThatTheServerReadsIsRefused) {
  const auto set = set_process_context({{"level", "x"}});
  ASSERT_FALSE(set);
  EXPECT_NE(set.error().message().find("'level'"), std::string::npos);
}

}  // namespace
}  // namespace micromegas
