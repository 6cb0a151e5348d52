// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/memory_sink.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/platform/thread.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using Properties = MemorySink::Properties;

constexpr auto kPatience = 20s;

constinit LogMetadata kHello{.level = Level::kInfo,
                             .text = "hello",
                             .target = "greet",
                             .function = "main",
                             .file = "hello.cc",
                             .line = 12};
constinit LogMetadata kWarning{.level = Level::kWarn, .text = "{}", .target = "disk"};
constinit StaticMetricMetadata kDepth{.verbosity = Verbosity::kMin,
                                      .name = "depth",
                                      .unit = "count",
                                      .target = "queue",
                                      .file = "queue.cc",
                                      .line = 5};
constinit StaticMetricMetadata kTime{.name = "time", .unit = "ms", .target = "queue"};
constinit SpanMetadata kOuter{
    .name = "outer", .location = {.target = "work", .function = "run", .file = "w.cc", .line = 3}};
constinit SpanMetadata kInner{.name = "inner", .location = {.target = "work"}};
constinit SpanLocation kAsset{.target = "assets"};

class MemorySinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    constexpr std::size_t kBuffer = 1U << 20;
    const auto started =
        dispatch::init_event_dispatch(kBuffer, kBuffer, kBuffer, sink_, {{"service", "t"}}, true);
    ASSERT_TRUE(started) << started.error().message();
  }
  void TearDown() override { dispatch::shutdown_dispatch(); }
  MemorySink& flushed() {
    dispatch::flush_log_buffer();
    return *sink_;
  }

  std::shared_ptr<MemorySink> sink_ = std::make_shared<MemorySink>();
};

TEST_F(MemorySinkTest, KeepsLogsAsTheyWereWritten) {
  const PropertySet& properties = PropertySet::intern({{"tenant", "acme"}});
  dispatch::log(kHello, "hello");
  dispatch::log_tagged(kWarning, properties, "disk is full");
  ASSERT_TRUE(flushed().wait_for([&] { return sink_->logs().size() == 2; }, kPatience));
  const auto logs = sink_->logs();
  EXPECT_EQ(logs[0].text, "hello");
  EXPECT_EQ(logs[0].level, Level::kInfo);
  EXPECT_EQ(logs[0].source.target, "greet");
  EXPECT_EQ(logs[0].source.file, "hello.cc");
  EXPECT_EQ(logs[0].source.line, 12U);
  EXPECT_TRUE(logs[0].properties.empty());
  EXPECT_EQ(logs[1].text, "disk is full");
  EXPECT_EQ(logs[1].level, Level::kWarn);
  EXPECT_EQ(logs[1].properties, (Properties{{"tenant", "acme"}}));
  EXPECT_LE(logs[0].time, logs[1].time);
}

TEST_F(MemorySinkTest, KeepsInteropLogsWithoutMetadata) {
  const LogMetadata bridge{.level = Level::kError, .target = "bridge"};
  dispatch::log_interop(bridge, "from elsewhere");
  ASSERT_TRUE(flushed().wait_for([&] { return sink_->logs().size() == 1; }, kPatience));
  const auto log = sink_->logs()[0];
  EXPECT_EQ(log.form, LogEvent::Form::kInterop);
  EXPECT_EQ(log.level, Level::kError);
  EXPECT_EQ(log.source.target, "bridge");
  EXPECT_EQ(log.text, "from elsewhere");
}

TEST_F(MemorySinkTest, KeepsLiveLines) {
  dispatch::log_tagged(kHello, PropertySet::intern({{"tenant", "acme"}}), "hello");
  ASSERT_TRUE(sink_->wait_for([&] { return !sink_->live_lines().empty(); }, kPatience));
  const auto line = sink_->live_lines()[0];
  EXPECT_EQ(line.text, "hello");
  EXPECT_EQ(line.target, "greet");
  EXPECT_EQ(line.level, Level::kInfo);
  EXPECT_GT(line.time, 1'500'000'000'000'000'000);
  EXPECT_EQ(line.properties, (Properties{{"tenant", "acme"}}));
}

TEST_F(MemorySinkTest, KeepsMetrics) {
  const PropertySet& properties = PropertySet::intern({{"route", "/"}});
  dispatch::int_metric(kDepth, 17);
  dispatch::tagged_float_metric(kTime, properties, 2.5);
  ASSERT_TRUE(flushed().wait_for([&] { return sink_->metrics().size() == 2; }, kPatience));
  const auto metrics = sink_->metrics();
  EXPECT_FALSE(metrics[0].is_float);
  EXPECT_EQ(metrics[0].integer, 17U);
  EXPECT_EQ(metrics[0].name, "depth");
  EXPECT_EQ(metrics[0].unit, "count");
  EXPECT_EQ(metrics[0].verbosity, Verbosity::kMin);
  EXPECT_EQ(metrics[0].source.target, "queue");
  EXPECT_EQ(metrics[0].source.line, 5U);
  EXPECT_TRUE(metrics[1].is_float);
  EXPECT_EQ(metrics[1].number, 2.5);
  EXPECT_EQ(metrics[1].properties, (Properties{{"route", "/"}}));
}

TEST_F(MemorySinkTest, PairsThreadSpans) {
  std::uint64_t thread_id = 0;
  std::thread([&] {
    set_current_thread_name("worker");
    thread_id = current_thread_id();
    dispatch::on_begin_scope(kOuter);
    dispatch::on_begin_scope(kInner);
    dispatch::on_end_scope(kInner);
    dispatch::on_begin_named_scope(kAsset, "tree.png");
    dispatch::on_end_named_scope(kAsset, "tree.png");
    dispatch::on_end_scope(kOuter);
  }).join();
  ASSERT_TRUE(flushed().wait_for([&] { return sink_->spans().size() == 6; }, kPatience));
  const auto spans = sink_->thread_spans();
  ASSERT_EQ(spans.size(), 3U);
  const auto& [inner, asset, outer] = std::tie(spans[0], spans[1], spans[2]);
  EXPECT_EQ(inner.name, "inner");
  EXPECT_EQ(inner.depth, 1U);
  EXPECT_EQ(asset.name, "tree.png");
  EXPECT_EQ(asset.depth, 1U);
  EXPECT_EQ(asset.source.target, "assets");
  EXPECT_EQ(outer.name, "outer");
  EXPECT_EQ(outer.depth, 0U);
  EXPECT_EQ(outer.source.target, "work");
  EXPECT_EQ(outer.source.function, "run");
  EXPECT_EQ(outer.source.line, 3U);
  EXPECT_LE(outer.begin, inner.begin);
  EXPECT_LE(inner.begin, inner.end);
  EXPECT_LE(inner.end, asset.begin);
  EXPECT_LE(asset.end, outer.end);
  for (const auto& span : spans) {
    EXPECT_EQ(span.thread_id, std::to_string(thread_id));
    EXPECT_EQ(span.thread_name, "worker");
    EXPECT_EQ(span.stream_id, outer.stream_id);
  }
}

TEST_F(MemorySinkTest, AnOpenSpanIsNotAPairYet) {
  std::thread([&] {
    dispatch::on_begin_scope(kOuter);
    dispatch::on_begin_scope(kInner);
    dispatch::on_end_scope(kInner);
    ASSERT_TRUE(flushed().wait_for([&] { return sink_->spans().size() == 3; }, kPatience));
    ASSERT_EQ(sink_->thread_spans().size(), 1U);
    EXPECT_EQ(sink_->thread_spans()[0].name, "inner");
    EXPECT_EQ(sink_->thread_spans()[0].depth, 1U);
    dispatch::on_end_scope(kOuter);  // in another block than its begin
  }).join();
  ASSERT_TRUE(flushed().wait_for([&] { return sink_->thread_spans().size() == 2; }, kPatience));
  EXPECT_EQ(sink_->thread_spans()[1].name, "outer");
}

TEST_F(MemorySinkTest, PairsAsyncSpansAcrossThreads) {
  const std::uint64_t parent = dispatch::on_begin_async_scope(kOuter, 0, 0);
  const std::uint64_t child = dispatch::on_begin_async_named_scope(kAsset, "a", parent, 1);
  std::thread([&] {
    dispatch::on_end_async_named_scope(child, parent, kAsset, "a", 1);
    dispatch::on_end_async_scope(parent, 0, kOuter, 0);
  }).join();
  ASSERT_TRUE(flushed().wait_for([&] { return sink_->async_spans().size() == 2; }, kPatience));
  const auto spans = sink_->async_spans();
  EXPECT_EQ(spans[0].name, "a");
  EXPECT_EQ(spans[0].span_id, child);
  EXPECT_EQ(spans[0].parent_span_id, parent);
  EXPECT_EQ(spans[0].depth, 1U);
  EXPECT_EQ(spans[1].name, "outer");
  EXPECT_EQ(spans[1].parent_span_id, 0U);
  EXPECT_LE(spans[1].begin, spans[0].begin);
}

TEST_F(MemorySinkTest, KnowsProcessStreamsAndBlocks) {
  dispatch::log(kHello, "hello");
  dispatch::int_metric(kDepth, 1);
  dispatch::on_begin_scope(kOuter);
  dispatch::on_end_scope(kOuter);
  ASSERT_TRUE(flushed().wait_for([&] { return sink_->blocks().size() >= 3; }, kPatience));
  ASSERT_NE(sink_->process(), nullptr);
  EXPECT_EQ(sink_->process()->process_id, dispatch::process_id());
  EXPECT_EQ(sink_->process()->properties.at("service"), "t");
  std::set<Uuid> streams;
  for (const StreamInfo& stream : sink_->streams()) streams.insert(stream.stream_id);
  std::set<StreamKind> kinds;
  for (const auto& block : sink_->blocks()) {
    EXPECT_EQ(streams.count(block.stream_id), 1U);
    EXPECT_GT(block.event_count, 0);
    EXPECT_LE(block.begin_time, block.end_time);
    kinds.insert(block.kind);
  }
  EXPECT_EQ(kinds, (std::set{StreamKind::kLog, StreamKind::kMetrics, StreamKind::kThread}));
}

TEST_F(MemorySinkTest, ClearForgetsEventsAndKeepsWhoIsSpeaking) {
  dispatch::log(kHello, "hello");
  dispatch::int_metric(kDepth, 1);
  ASSERT_TRUE(flushed().wait_for(
      [&] { return sink_->logs().size() == 1 && sink_->metrics().size() == 1; }, kPatience));
  const auto streams = sink_->streams().size();
  sink_->clear();
  EXPECT_TRUE(sink_->logs().empty());
  EXPECT_TRUE(sink_->metrics().empty());
  EXPECT_TRUE(sink_->blocks().empty());
  EXPECT_TRUE(sink_->live_lines().empty());
  EXPECT_EQ(sink_->streams().size(), streams);
  EXPECT_NE(sink_->process(), nullptr);
  dispatch::log(kHello, "again");
  EXPECT_TRUE(flushed().wait_for([&] { return sink_->logs().size() == 1; }, kPatience));
}

TEST_F(MemorySinkTest, SeesTheEnd) {
  EXPECT_FALSE(sink_->is_shut_down());
  dispatch::shutdown_dispatch();
  EXPECT_TRUE(sink_->is_shut_down());
}

TEST(MemorySinkWait, EndsAtItsTimeoutOrWithTheArrival) {
  MemorySink sink;
  EXPECT_FALSE(sink.wait_for([] { return false; }, 1ms));
  EXPECT_TRUE(sink.wait_for([] { return true; }, 0ms));
  std::thread arrival([&] { sink.on_log(LogMetadata{}, {}, 0, "x"); });
  EXPECT_TRUE(sink.wait_for([&] { return sink.live_lines().size() == 1; }, kPatience));
  arrival.join();
}

TEST(MemorySinkWait, AccessorsAreSafeBesideArrivals) {
  MemorySink sink;
  std::vector<std::thread> writers;
  for (int t = 0; t < 2; ++t) {
    writers.emplace_back([&] {
      for (int i = 0; i < 300; ++i) sink.on_log(LogMetadata{}, {}, i, "x");
    });
  }
  EXPECT_TRUE(sink.wait_for([&] { return sink.live_lines().size() == 600; }, kPatience));
  for (auto& writer : writers) writer.join();
}

}  // namespace
}  // namespace micromegas
