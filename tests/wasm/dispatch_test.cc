// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// dispatch.h on wasm32, function by function.

#include "micromegas/dispatch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/sink.h"
#include "micromegas/tests/pipeline/dispatch_parity.h"

namespace micromegas {
namespace {

std::int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class NotingSink : public EventSink {
 public:
  struct Line {
    const LogMetadata* metadata;
    std::string properties;
    std::int64_t time;
    std::string text;
  };

  void on_startup(std::shared_ptr<const ProcessInfo> process) override {
    calls.emplace_back("startup");
    info = std::move(process);
  }
  void on_shutdown() override { calls.emplace_back("shutdown"); }
  bool on_log_enabled(const LogMetadata& metadata) override {
    ++asked;
    return allows(max_level, metadata.level);
  }
  void on_log(const LogMetadata& metadata, std::span<const Property> properties, std::int64_t time,
              std::string_view text) override {
    std::string all;
    for (const Property& p : properties) {
      all += std::string(p.name) + "=" + std::string(p.value) + ";";
    }
    lines.push_back({&metadata, all, time, std::string(text)});
  }

  LevelFilter max_level = LevelFilter::kTrace;
  int asked = 0;
  std::vector<std::string> calls;
  std::vector<Line> lines;
  std::shared_ptr<const ProcessInfo> info;
};

constinit LogMetadata g_log{.level = Level::kInfo, .text = "t", .target = "here"};
constinit LogMetadata g_debug{.level = Level::kDebug, .text = "t", .target = "here"};
constinit StaticMetricMetadata g_metric{.name = "n", .unit = "u"};
constinit SpanMetadata g_span{.name = "s"};

class WasmDispatchTest : public ::testing::Test {
 protected:
  void TearDown() override { dispatch::force_uninit(); }
  std::shared_ptr<NotingSink> start() {
    auto sink = std::make_shared<NotingSink>();
    const Result<void> started =
        dispatch::init_event_dispatch(0, 0, 0, sink, {{"service", "page"}}, true);
    EXPECT_TRUE(started) << started.error().message();
    return sink;
  }
};

TEST_F(WasmDispatchTest, IsSilentBeforeTheStart) {
  EXPECT_FALSE(dispatch::log_enabled(g_log));
  dispatch::log(g_log, "nobody");
  MM_INFO("nobody");
  EXPECT_EQ(dispatch::process_id(), std::nullopt);
  EXPECT_EQ(dispatch::cpu_tracing_enabled(), std::nullopt);
  EXPECT_EQ(dispatch::get_sink(), nullptr);
  dispatch::shutdown_dispatch();
}

TEST_F(WasmDispatchTest, StartTellsTheSinkWhoIsSpeaking) {
  const std::int64_t before = wall_us();
  const auto sink = start();
  EXPECT_EQ(sink->calls, std::vector<std::string>{"startup"});
  ASSERT_NE(sink->info, nullptr);
  EXPECT_EQ(dispatch::process_id(), sink->info->process_id);
  EXPECT_NE(sink->info->process_id, Uuid{});
  EXPECT_EQ(sink->info->parent_process_id, std::nullopt);
  EXPECT_EQ(sink->info->properties, (PropertyMap{{"service", "page"}}));
  EXPECT_GE(sink->info->start_ticks, before - 1000);
  EXPECT_LE(sink->info->start_ticks, wall_us() + 1000);
  EXPECT_EQ(sink->info->start_time, sink->info->start_ticks * 1000);  // nanoseconds
  EXPECT_EQ(dispatch::get_sink(), sink);
  EXPECT_EQ(dispatch::cpu_tracing_enabled(), false);
}

TEST_F(WasmDispatchTest, ASecondStartIsAnErrorAndTheFirstGoesOn) {
  const auto sink = start();
  const auto id = dispatch::process_id();
  auto second = std::make_shared<NotingSink>();
  const Result<void> refused = dispatch::init_event_dispatch(1024, 1024, 1024, second, {}, false);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("already running"), std::string::npos);
  EXPECT_TRUE(second->calls.empty());
  EXPECT_EQ(dispatch::get_sink(), sink);
  EXPECT_EQ(dispatch::process_id(), id);
  dispatch::log(g_log, "still");
  EXPECT_EQ(sink->lines.size(), 1u);
  dispatch::shutdown_dispatch();
  EXPECT_TRUE(dispatch::init_event_dispatch(1024, 1024, 1024, second, {}, false));
  EXPECT_NE(dispatch::process_id(), id);
}

TEST_F(WasmDispatchTest, WantsASink) {
  EXPECT_FALSE(dispatch::init_event_dispatch(1024, 1024, 1024, nullptr, {}, false));
  EXPECT_EQ(dispatch::process_id(), std::nullopt);
}

TEST_F(WasmDispatchTest, LogsReachTheSinkAtOnce) {
  const auto sink = start();
  const std::int64_t before = wall_us();
  dispatch::log(g_log, "one");
  ASSERT_EQ(sink->lines.size(), 1u);
  EXPECT_EQ(sink->lines[0].metadata, &g_log);
  EXPECT_EQ(sink->lines[0].text, "one");
  EXPECT_EQ(sink->lines[0].properties, "");
  EXPECT_GE(sink->lines[0].time, before - 1000);
  EXPECT_LE(sink->lines[0].time, wall_us());
  dispatch::log_tagged(g_log, PropertySet::intern({{"k", "v"}, {"a", "b"}}), "two");
  dispatch::log_interop(g_log, "three");
  ASSERT_EQ(sink->lines.size(), 3u);
  EXPECT_EQ(sink->lines[1].properties, "a=b;k=v;");
  EXPECT_EQ(sink->lines[1].text, "two");
  EXPECT_EQ(sink->lines[2].text, "three");
}

TEST_F(WasmDispatchTest, PropertiesGivenAtRunTimeReachTheSink) {
  const auto sink = start();
  const PropertySet& set = PropertySet::intern({{"A", "of the set"}, {"b", "2"}});
  const Property pairs[] = {{"a", "1"}, {"", "no"}, {"level", "no"}, {"c", "twice"}, {"C", "3"}};
  dispatch::log_dyn_tagged(g_log, set, pairs, "one");
  dispatch::log_interop_dyn_tagged(g_log, pairs, "two");
  const auto enabled = dispatch::enabled_log_sink(g_log);
  ASSERT_TRUE(enabled);
  const int asked = sink->asked;
  dispatch::log_dyn_tagged_enabled(*enabled, g_log, set, pairs, "three");
  EXPECT_EQ(sink->asked, asked);
  ASSERT_EQ(sink->lines.size(), 3u);
  EXPECT_EQ(sink->lines[0].properties, "a=1;C=3;b=2;");
  EXPECT_EQ(sink->lines[1].properties, "a=1;C=3;");
  EXPECT_EQ(sink->lines[2].properties, "a=1;C=3;b=2;");
  EXPECT_EQ(sink->lines[2].text, "three");
  sink->max_level = LevelFilter::kInfo;
  EXPECT_FALSE(dispatch::enabled_log_sink(g_debug));
  dispatch::log_dyn_tagged(g_debug, set, pairs, "no");
  EXPECT_EQ(sink->lines.size(), 3u);
}

TEST_F(WasmDispatchTest, TheSinkDecidesWhatIsEnabledEachTime) {
  const auto sink = start();
  sink->max_level = LevelFilter::kInfo;
  EXPECT_TRUE(dispatch::log_enabled(g_log));
  EXPECT_FALSE(dispatch::log_enabled(g_debug));
  dispatch::log(g_debug, "no");
  dispatch::log_interop(g_debug, "no");
  EXPECT_TRUE(sink->lines.empty());
  sink->max_level = LevelFilter::kDebug;
  const int asked = sink->asked;
  dispatch::log(g_debug, "yes");
  EXPECT_EQ(sink->asked, asked + 1);
  EXPECT_EQ(sink->lines.size(), 1u);
}

TEST_F(WasmDispatchTest, MetricsSpansAndFlushesAreSilent) {
  const auto sink = start();
  const PropertySet& properties = PropertySet::intern({{"k", "v"}});
  dispatch::int_metric(g_metric, 1);
  dispatch::float_metric(g_metric, 1);
  dispatch::tagged_integer_metric(g_metric, properties, 1);
  dispatch::tagged_float_metric(g_metric, properties, 1);
  dispatch::on_begin_scope(g_span);
  dispatch::on_end_scope(g_span);
  dispatch::on_begin_named_scope(g_span.location, "n");
  dispatch::on_end_named_scope(g_span.location, "n");
  const Property pairs[] = {{"k", "v"}};
  dispatch::tagged_integer_metric_dyn(g_metric, properties, pairs, 1);
  dispatch::tagged_float_metric_dyn(g_metric, properties, pairs, 1);
  dispatch::named_integer_metric(g_metric, "n", "u", properties, pairs, 1);
  dispatch::named_float_metric(g_metric, "n", "u", properties, pairs, 1);
  dispatch::on_begin_named_scope_dyn(g_span.location, "n");
  dispatch::on_end_named_scope_dyn(g_span.location, "n");
  dispatch::on_end_scope_tagged(g_span, properties, pairs);
  dispatch::on_end_named_scope_tagged(g_span.location, "n", properties, pairs);
  dispatch::init_thread_stream();
  dispatch::flush_log_buffer();
  dispatch::flush_metrics_buffer();
  dispatch::flush_thread_buffer();
  dispatch::unregister_thread_stream();
  int streams = 0;
  dispatch::for_each_thread_stream([&](ThreadStream&) { ++streams; });
  EXPECT_EQ(streams, 0);
  EXPECT_EQ(sink->calls, std::vector<std::string>{"startup"});
  EXPECT_TRUE(sink->lines.empty());
}

TEST_F(WasmDispatchTest, AsynchronousSpansGetIncreasingIds) {
  EXPECT_EQ(dispatch::on_begin_async_scope(g_span, 0, 0), 1u);
  const auto sink = start();
  EXPECT_EQ(dispatch::on_begin_async_named_scope(g_span.location, "n", 1, 1), 2u);
  dispatch::on_end_async_named_scope(2, 1, g_span.location, "n", 1);
  dispatch::on_end_async_scope(1, 0, g_span, 0);
  dispatch::shutdown_dispatch();
  EXPECT_EQ(dispatch::on_begin_async_scope(g_span, 0, 0), 3u);
}

TEST_F(WasmDispatchTest, TheEndIsToldOnceAndThenAllIsSilent) {
  const auto sink = start();
  dispatch::shutdown_dispatch();
  dispatch::shutdown_dispatch();
  EXPECT_EQ(sink->calls, (std::vector<std::string>{"startup", "shutdown"}));
  EXPECT_FALSE(dispatch::log_enabled(g_log));
  dispatch::log(g_log, "nobody");
  MM_ERROR("nobody");
  EXPECT_TRUE(sink->lines.empty());
  EXPECT_EQ(dispatch::get_sink(), nullptr);
  EXPECT_EQ(dispatch::process_id(), std::nullopt);
  EXPECT_EQ(dispatch::cpu_tracing_enabled(), std::nullopt);
  EXPECT_EQ(sink.use_count(), 1);
}

TEST_F(WasmDispatchTest, ForceUninitForgetsEverything) {
  start();
  dispatch::on_begin_async_scope(g_span, 0, 0);
  dispatch::force_uninit();
  EXPECT_EQ(dispatch::process_id(), std::nullopt);
  EXPECT_EQ(dispatch::get_sink(), nullptr);
  EXPECT_EQ(dispatch::on_begin_async_scope(g_span, 0, 0), 1u);
}

TEST_F(WasmDispatchTest, DescribesTheProcess) {
  const Uuid id = Uuid::random();
  const Uuid parent = Uuid::random();
  const ProcessInfo info = dispatch::make_process_info(id, parent, {{"k", "v"}});
  EXPECT_EQ(info.process_id, id);
  EXPECT_EQ(info.parent_process_id, parent);
  for (const std::string* text :
       {&info.username, &info.realname, &info.exe, &info.computer, &info.distro}) {
    EXPECT_EQ(*text, "wasm");
  }
  EXPECT_EQ(info.cpu_brand, "wasm32");
  EXPECT_EQ(info.tsc_frequency, 1'000'000);
  EXPECT_NEAR(static_cast<double>(info.start_ticks), static_cast<double>(wall_us()), 1e6);
  EXPECT_EQ(info.properties, (PropertyMap{{"k", "v"}}));
}

// --- sinks that do not behave ---

TEST_F(WasmDispatchTest, ASinkThatLogsIsNotCalledForIt) {
  class Chatty : public NotingSink {
   public:
    bool on_log_enabled(const LogMetadata& metadata) override {
      MM_INFO("asked");
      return NotingSink::on_log_enabled(metadata);
    }
    void on_log(const LogMetadata& metadata, std::span<const Property> properties,
                std::int64_t time, std::string_view text) override {
      MM_INFO("heard {}", text);
      NotingSink::on_log(metadata, properties, time, text);
    }
    void on_shutdown() override { MM_INFO("ending"); }
  };
  const auto sink = std::make_shared<Chatty>();
  ASSERT_TRUE(dispatch::init_event_dispatch(0, 0, 0, sink, {}, false));
  MM_INFO("one");
  MM_INFO("two");
  dispatch::shutdown_dispatch();
  ASSERT_EQ(sink->lines.size(), 2u);
  EXPECT_EQ(sink->lines[0].text, "one");
  EXPECT_EQ(sink->lines[1].text, "two");
}

TEST_F(WasmDispatchTest, ASinkMayEndTelemetryAtAnyTime) {
  class Quitter : public NotingSink {
   public:
    void on_startup(std::shared_ptr<const ProcessInfo> process) override {
      dispatch::shutdown_dispatch();
      NotingSink::on_startup(std::move(process));
    }
  };
  const auto sink = std::make_shared<Quitter>();
  ASSERT_TRUE(dispatch::init_event_dispatch(0, 0, 0, sink, {}, false));
  EXPECT_FALSE(dispatch::log_enabled(g_log));
  EXPECT_EQ(dispatch::get_sink(), nullptr);
  EXPECT_EQ(sink->calls, (std::vector<std::string>{"startup", "shutdown"}));
}

TEST_F(WasmDispatchTest, ASinkThatEndsTelemetryIsToldWhenItsLineIsOver) {
  class Quitter : public NotingSink {
   public:
    void on_log(const LogMetadata& metadata, std::span<const Property> properties,
                std::int64_t time, std::string_view text) override {
      dispatch::shutdown_dispatch();
      calls.emplace_back("line");
      NotingSink::on_log(metadata, properties, time, text);
    }
  };
  const auto sink = std::make_shared<Quitter>();
  ASSERT_TRUE(dispatch::init_event_dispatch(0, 0, 0, sink, {}, false));
  MM_INFO("the last one");
  MM_INFO("nobody");
  EXPECT_EQ(sink->calls, (std::vector<std::string>{"startup", "line", "shutdown"}));
  EXPECT_EQ(sink->lines.size(), 1u);
  EXPECT_EQ(sink.use_count(), 1);
}

TEST(Parity, EachFunctionHasAnAddress) {
  const std::vector<const void*> functions = dispatch_functions();
  EXPECT_EQ(functions.size(), 45u);
  for (const void* function : functions) EXPECT_NE(function, nullptr);
}

}  // namespace
}  // namespace micromegas
