// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// dispatch.h: events as function calls.

#include "micromegas/dispatch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/tests/pipeline/dispatch_parity.h"
#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/support/child.h"
#include "micromegas/tests/support/live_memory.h"
#include "micromegas/tests/support/recording_sink.h"

namespace micromegas {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::Recorded;
using testing_support::RecordingSink;

constexpr std::size_t kBuffer = 1 << 20;

class DispatchTest : public ::testing::Test {
 protected:
  void init(bool cpu_tracing = true, PropertyMap properties = {}) {
    const auto started = dispatch::init_event_dispatch(kBuffer, kBuffer, kBuffer, sink_,
                                                       std::move(properties), cpu_tracing);
    ASSERT_TRUE(started) << started.error().message();
  }
  Recorded flushed() {
    dispatch::flush_log_buffer();
    return sink_->recorded();
  }
  static std::uint64_t invalid(EventKind kind) {
    return of(pipeline::session_stats(), kind)
        .dropped[static_cast<std::size_t>(DropReason::kInvalid)];
  }
  void TearDown() override {
    dispatch::shutdown_dispatch();
    expect_balanced(pipeline::session_stats());
    EXPECT_EQ(testing_support::broken_invariant(sink_->recorded()), "");
  }

  std::shared_ptr<RecordingSink> sink_ = std::make_shared<RecordingSink>();
};

std::vector<std::string> texts(const Recorded& recorded) {
  std::vector<std::string> out;
  for (const auto& log : recorded.logs) out.push_back(log.text);
  return out;
}

std::vector<std::string> span_names(const Recorded& recorded) {
  std::vector<std::string> out;
  for (const auto& [stream, spans] : recorded.spans) {
    for (const auto& span : spans) {
      const bool begins =
          span.kind == SpanEvent::Kind::kBegin || span.kind == SpanEvent::Kind::kAsyncBegin;
      out.push_back((begins ? "+" : "-") + span.name);
    }
  }
  return out;
}

TEST_F(DispatchTest, HasFortyFiveDifferentFunctions) {
  const std::vector<const void*> functions = dispatch_functions();
  EXPECT_EQ(std::set<const void*>(functions.begin(), functions.end()).size(), 45u);
}

TEST_F(DispatchTest, BadArgumentsAreErrorsThatNameThem) {
  const auto error_of = [&](std::size_t logs, std::size_t metrics, std::size_t threads,
                            std::shared_ptr<EventSink> sink) {
    const auto started =
        dispatch::init_event_dispatch(logs, metrics, threads, std::move(sink), {}, true);
    EXPECT_FALSE(started);
    return started ? std::string() : started.error().message();
  };
  EXPECT_THAT(error_of(127, 128, 128, sink_), HasSubstr("logs_buffer_size is 127"));
  EXPECT_THAT(error_of(128, 0, 128, sink_), HasSubstr("metrics_buffer_size is 0"));
  EXPECT_THAT(error_of(128, 128, 1, sink_), HasSubstr("threads_buffer_size is 1"));
  EXPECT_THAT(error_of(128, 128, 128, nullptr), HasSubstr("sink is null"));
  EXPECT_EQ(dispatch::process_id(), std::nullopt);
  EXPECT_EQ(sink_->recorded().startups, 0);
}

TEST_F(DispatchTest, TheLeastBufferSizesWork) {
  ASSERT_TRUE(dispatch::init_event_dispatch(128, 128, 128, sink_, {}, true));
  static constinit LogMetadata log{};
  static constinit StaticMetricMetadata metric{.name = "m", .unit = "count"};
  static constinit SpanMetadata span{.name = "s"};
  constexpr int kRounds = 10'000;
  for (int i = 0; i < kRounds; ++i) {
    dispatch::log(log, std::to_string(i));
    dispatch::int_metric(metric, static_cast<std::uint64_t>(i));
    dispatch::float_metric(metric, i);
    dispatch::on_begin_scope(span);
    dispatch::on_end_scope(span);
    const std::uint64_t id = dispatch::on_begin_async_scope(span, 0, 0);
    dispatch::on_end_async_scope(id, 0, span, 0);
  }
  const Recorded recorded = flushed();
  EXPECT_EQ(recorded.logs.size(), std::size_t{kRounds});
  EXPECT_EQ(recorded.metrics.size(), 2U * kRounds);
  EXPECT_EQ(recorded.span_events(), 4U * kRounds);
  std::map<StreamKind, int> blocks;
  for (const auto& block : recorded.blocks) ++blocks[block.kind];
  // More than one each: one run of a queue is never divided.
  for (const StreamKind kind : {StreamKind::kLog, StreamKind::kMetrics, StreamKind::kThread}) {
    EXPECT_GT(blocks[kind], 2) << static_cast<int>(kind);
  }
}

TEST_F(DispatchTest, ASecondInitIsAnErrorAndLeavesTheFirstInForce) {
  init();
  const auto id = dispatch::process_id();
  auto other = std::make_shared<RecordingSink>();
  const auto second = dispatch::init_event_dispatch(kBuffer, kBuffer, kBuffer, other, {}, true);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(), HasSubstr("already running"));
  EXPECT_EQ(dispatch::process_id(), id);
  EXPECT_EQ(dispatch::get_sink(), sink_);
  static constinit LogMetadata meta{};
  dispatch::log(meta, "to the first");
  EXPECT_THAT(texts(flushed()), ElementsAre("to the first"));
  EXPECT_EQ(other->recorded().startups, 0);
}

TEST_F(DispatchTest, InitWorksAgainAfterShutdownAndForceUninit) {
  static constinit LogMetadata meta{};
  std::set<Uuid> ids;
  for (int round = 0; round < 4; ++round) {
    sink_ = std::make_shared<RecordingSink>();
    init();
    ids.insert(dispatch::process_id().value());
    dispatch::log(meta, "round " + std::to_string(round));
    if (round % 2 == 0) {
      dispatch::shutdown_dispatch();
    } else {
      dispatch::force_uninit();
    }
    dispatch::log(meta, "between");
    EXPECT_THAT(texts(sink_->recorded()), ElementsAre("round " + std::to_string(round)));
    EXPECT_EQ(sink_->recorded().shutdowns, 1);
  }
  EXPECT_EQ(ids.size(), 4u);
}

TEST_F(DispatchTest, ShutdownWithoutInitDoesNothing) {
  dispatch::shutdown_dispatch();
  dispatch::force_uninit();
  dispatch::flush_log_buffer();
  dispatch::flush_metrics_buffer();
  dispatch::flush_thread_buffer();
  dispatch::init_thread_stream();
  dispatch::unregister_thread_stream();
  dispatch::for_each_thread_stream([](ThreadStream&) { ADD_FAILURE(); });
}

TEST_F(DispatchTest, QueriesAnswerWhileTelemetryRunsOnly) {
  EXPECT_EQ(dispatch::process_id(), std::nullopt);
  EXPECT_EQ(dispatch::cpu_tracing_enabled(), std::nullopt);
  EXPECT_EQ(dispatch::get_sink(), nullptr);
  init(false);
  EXPECT_TRUE(dispatch::process_id().has_value());
  EXPECT_EQ(dispatch::cpu_tracing_enabled(), std::optional(false));
  EXPECT_EQ(dispatch::get_sink(), sink_);
  dispatch::shutdown_dispatch();
  EXPECT_EQ(dispatch::process_id(), std::nullopt);
  EXPECT_EQ(dispatch::cpu_tracing_enabled(), std::nullopt);
  EXPECT_EQ(dispatch::get_sink(), nullptr);
  init(true);
  EXPECT_EQ(dispatch::cpu_tracing_enabled(), std::optional(true));
}

TEST_F(DispatchTest, TheSinkLearnsTheProcess) {
  class ProcessSink : public RecordingSink {
   public:
    void on_startup(std::shared_ptr<const ProcessInfo> info) override { process = info; }
    std::shared_ptr<const ProcessInfo> process;
  };
  auto sink = std::make_shared<ProcessSink>();
  sink_ = sink;
  init(true, {{"service", "matchmaker"}});
  dispatch::flush_log_buffer();
  ASSERT_NE(sink->process, nullptr);
  EXPECT_EQ(sink->process->process_id, dispatch::process_id());
  EXPECT_EQ(sink->process->properties, (PropertyMap{{"service", "matchmaker"}}));
  EXPECT_GT(sink->process->start_time, 1'600'000'000'000'000'000);
}

TEST_F(DispatchTest, LogsKeepTextLevelAndTarget) {
  init();
  static constinit LogMetadata meta{
      .level = Level::kTrace, .text = "template", .target = "bridge", .file = "x.py", .line = 3};
  EXPECT_TRUE(dispatch::log_enabled(meta));
  dispatch::log(meta, "with {braces} as they are");
  dispatch::log(meta, "");
  const Recorded recorded = flushed();
  EXPECT_THAT(texts(recorded), ElementsAre("with {braces} as they are", ""));
  EXPECT_EQ(recorded.logs[0].level, Level::kTrace);
  EXPECT_EQ(recorded.logs[0].target, "bridge");
}

TEST_F(DispatchTest, LogsAreDisabledByFiltersAndWithoutTelemetry) {
  static constinit LogMetadata meta{.level = Level::kDebug, .target = "noisy.part"};
  EXPECT_FALSE(dispatch::log_enabled(meta));
  init();
  EXPECT_TRUE(dispatch::log_enabled(meta));
  queue::Runtime::get().change_filters(
      [](queue::Filters& f) { f.log.targets["noisy"] = LevelFilter::kInfo; });
  EXPECT_FALSE(dispatch::log_enabled(meta));
  dispatch::log(meta, "x");
  dispatch::log_interop(meta, "x");
  dispatch::log_tagged(meta, PropertySet::intern({{"a", "b"}}), "x");
  EXPECT_TRUE(flushed().logs.empty());
  dispatch::shutdown_dispatch();
  EXPECT_FALSE(dispatch::log_enabled(meta));
}

TEST_F(DispatchTest, TaggedLogsAndMetricsKeepTheirProperties) {
  init();
  static constinit LogMetadata log{.target = "t"};
  static constinit StaticMetricMetadata metric{.name = "m", .unit = "count"};
  const PropertySet& gold = PropertySet::intern({{"tier", "gold"}, {"tenant", "acme"}});
  const PropertySet& none = PropertySet::intern({});
  using Map = std::map<std::string, std::string>;
  dispatch::log_tagged(log, gold, "gold");
  dispatch::log_tagged(log, none, "none");
  dispatch::log(log, "plain");
  dispatch::tagged_integer_metric(metric, gold, std::numeric_limits<std::uint64_t>::max());
  dispatch::tagged_float_metric(metric, gold, -2.5);
  dispatch::int_metric(metric, 7);
  dispatch::float_metric(metric, std::numeric_limits<double>::infinity());
  const Recorded recorded = flushed();
  ASSERT_EQ(recorded.logs.size(), 3u);
  EXPECT_EQ(recorded.logs[0].properties, (Map{{"tier", "gold"}, {"tenant", "acme"}}));
  EXPECT_EQ(recorded.logs[1].properties, Map{});
  EXPECT_EQ(recorded.logs[2].properties, Map{});
  ASSERT_EQ(recorded.metrics.size(), 4u);
  EXPECT_EQ(recorded.metrics[0].properties, (Map{{"tier", "gold"}, {"tenant", "acme"}}));
  EXPECT_EQ(recorded.metrics[0].integer, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(recorded.metrics[1].properties.size(), 2u);
  EXPECT_TRUE(recorded.metrics[1].is_float);
  EXPECT_EQ(recorded.metrics[1].number, -2.5);
  EXPECT_EQ(recorded.metrics[2].properties, Map{});
  EXPECT_EQ(recorded.metrics[2].integer, 7u);
  EXPECT_EQ(recorded.metrics[3].number, std::numeric_limits<double>::infinity());
}

TEST_F(DispatchTest, InteropTakesLevelAndTargetAtEachCall) {
  init();
  for (int i = 0; i < 3; ++i) {
    const std::string target = "python.module" + std::to_string(i);
    const LogMetadata meta{.level = static_cast<Level>(i + 1), .target = target};
    dispatch::log_interop(meta, "text " + std::to_string(i));
  }
  const Recorded recorded = flushed();
  ASSERT_EQ(recorded.logs.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(recorded.logs[i].level, static_cast<Level>(i + 1));
    EXPECT_EQ(recorded.logs[i].target, "python.module" + std::to_string(i));
    EXPECT_EQ(recorded.logs[i].text, "text " + std::to_string(i));
  }
}

// Nothing is kept for a target that was once used.
TEST_F(DispatchTest, TargetsOfRunTimeEndWithTheirBlock) {
  ASSERT_TRUE(dispatch::init_event_dispatch(kBuffer, kBuffer, kBuffer,
                                            std::make_shared<EventSink>(), {}, true));
  int next = 0;
  const auto log_with_new_targets = [&] {
    for (int i = 0; i < 2000; ++i) {
      const std::string target = std::to_string(next++) + std::string(900, 't');
      const LogMetadata metadata{.level = Level::kInfo, .target = target};
      dispatch::log_interop(metadata, "text");
      const Property pairs[] = {{"k", "v"}};
      dispatch::log_interop_dyn_tagged(metadata, pairs, "text");
    }
    dispatch::flush_log_buffer();
  };
  for (int i = 0; i < 3; ++i) log_with_new_targets();
  const std::size_t before = testing::live_heap_bytes();
  for (int i = 0; i < 10; ++i) log_with_new_targets();
  const std::size_t after = testing::live_heap_bytes();
  EXPECT_LT(after, before + (2U << 20)) << "20,000 targets are 18 MB";
}

TEST_F(DispatchTest, LongTextsAndNamesAreCut) {
  init();
  static constinit LogMetadata log{};
  static constinit SpanLocation place{};
  const std::string huge(200'000, 'x');
  dispatch::log(log, huge);
  dispatch::log_tagged(log, PropertySet::intern({{"k", "v"}}), huge);
  const LogMetadata interop{.target = huge};
  dispatch::log_interop(interop, huge);
  dispatch::on_begin_named_scope(place, huge);
  dispatch::on_end_named_scope(place, huge);
  const Recorded recorded = flushed();
  ASSERT_EQ(recorded.logs.size(), 3u);
  for (const auto& line : recorded.logs) EXPECT_THAT(line.text, HasSubstr("of 200000 bytes]"));
  EXPECT_LT(recorded.logs[2].target.size(), 2'000u);
  EXPECT_EQ(recorded.span_events(), 2u);
}

TEST_F(DispatchTest, ScopesNestAndKeepTheirNames) {
  init();
  static constinit SpanMetadata outer{.name = "outer"};
  static constinit SpanLocation place{.target = "t"};
  dispatch::on_begin_scope(outer);
  dispatch::on_begin_named_scope(place, "asset 1");
  dispatch::on_end_named_scope(place, "asset 1");
  dispatch::on_begin_named_scope(place, "asset 2");
  dispatch::on_end_named_scope(place, "asset 2");
  dispatch::on_end_scope(outer);
  EXPECT_THAT(span_names(flushed()),
              ElementsAre("+outer", "+asset 1", "-asset 1", "+asset 2", "-asset 2", "-outer"));
}

TEST_F(DispatchTest, AnEndWithoutABeginIsNotRecorded) {
  init();
  static constinit SpanMetadata known{.name = "known"};
  static constinit SpanMetadata unknown{.name = "unknown"};
  dispatch::on_end_scope(unknown);
  dispatch::on_begin_scope(known);
  dispatch::on_end_scope(known);
  dispatch::on_end_scope(known);
  EXPECT_THAT(span_names(flushed()), ElementsAre("+known", "-known"));
  EXPECT_EQ(invalid(EventKind::kSpan), 2u);
}

// Nobody has made a mistake here.
TEST_F(DispatchTest, TheEndOfAScopeFromBeforeTheThreadsFirstEventIsNotCounted) {
  static constinit SpanMetadata scope{.name = "scope"};
  std::thread([&] {
    dispatch::on_begin_scope(scope);  // before the start
    init();
    dispatch::on_begin_scope(scope);
    dispatch::unregister_thread_stream();
    dispatch::on_begin_scope(scope);
    dispatch::on_end_scope(scope);
    dispatch::on_end_scope(scope);
    dispatch::on_end_scope(scope);
    EXPECT_EQ(invalid(EventKind::kSpan), 0u);
    dispatch::on_end_scope(scope);
    EXPECT_EQ(invalid(EventKind::kSpan), 1u);
  }).join();
}

TEST_F(DispatchTest, AScopeFromBeforeARestartEndsNothing) {
  static constinit SpanMetadata before{.name = "before"};
  static constinit SpanMetadata after{.name = "after"};
  init();
  dispatch::on_begin_scope(before);
  dispatch::on_begin_scope(before);
  dispatch::shutdown_dispatch();
  sink_ = std::make_shared<RecordingSink>();
  init();
  {
    MM_SPAN("guard");
    dispatch::on_end_scope(before);
    dispatch::on_begin_scope(after);
    dispatch::on_end_scope(after);
    dispatch::on_end_scope(before);
  }
  EXPECT_THAT(span_names(flushed()), ElementsAre("+guard", "+after", "-after", "-guard"));
  const KindStats spans = of(pipeline::session_stats(), EventKind::kSpan);
  EXPECT_EQ(spans.recorded, 4u);
  EXPECT_EQ(spans.dropped_total(), 0u);
}

// The inner scope's end must not stand for another's.
TEST_F(DispatchTest, AScopeThatAFilterLeavesOutDoesNotEndTheOneAroundIt) {
  init();
  static constinit SpanMetadata outer{.name = "outer", .location = {.verbosity = Verbosity::kMin}};
  static constinit SpanMetadata inner{.name = "inner"};
  static constinit SpanLocation named{};
  const auto set = [](VerbosityFilter verbosity) {
    queue::Runtime::get().change_filters(
        [&](queue::Filters& filters) { filters.max_verbosity = verbosity; });
  };
  {
    MM_SPAN("guard");
    dispatch::on_begin_scope(inner);  // has an id from here on
    dispatch::on_end_scope(inner);
    dispatch::on_end_scope(inner);
    set(VerbosityFilter::kMin);
    dispatch::on_begin_scope(outer);
    dispatch::on_begin_scope(inner);
    dispatch::on_begin_named_scope(named, "named");
    set(VerbosityFilter::kMax);  // a change in between breaks nothing
    dispatch::on_end_named_scope(named, "named");
    dispatch::on_end_scope(inner);
    dispatch::on_end_scope(outer);
  }
  EXPECT_THAT(span_names(flushed()),
              ElementsAre("+guard", "+inner", "-inner", "+outer", "-outer", "-guard"));
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kSpan).dropped_total(), 1u);  // the second end
}

TEST_F(DispatchTest, ScopesDeeperThanTheLimitAreDroppedWhole) {
  init();
  static constinit SpanMetadata scope{.name = "s"};
  for (int i = 0; i < 3000; ++i) dispatch::on_begin_scope(scope);
  for (int i = 0; i < 3000; ++i) dispatch::on_end_scope(scope);
  EXPECT_EQ(flushed().span_events(), 2 * queue::kMaxOpenSpans);
  const KindStats spans = of(pipeline::session_stats(), EventKind::kSpan);
  EXPECT_EQ(spans.dropped[static_cast<std::size_t>(DropReason::kInvalid)],
            2 * (3000 - queue::kMaxOpenSpans));
}

TEST_F(DispatchTest, WithoutCpuTracingSpansAreDroppedAndIdsStillIncrease) {
  init(false);
  static constinit SpanMetadata span{.name = "s"};
  static constinit SpanLocation place{};
  static constinit LogMetadata log{};
  dispatch::on_begin_scope(span);
  dispatch::on_end_scope(span);
  dispatch::on_begin_named_scope(place, "n");
  dispatch::on_end_named_scope(place, "n");
  const std::uint64_t first = dispatch::on_begin_async_scope(span, 0, 0);
  const std::uint64_t second = dispatch::on_begin_async_named_scope(place, "n", first, 1);
  EXPECT_GT(second, first);
  dispatch::on_end_async_named_scope(second, first, place, "n", 1);
  dispatch::on_end_async_scope(first, 0, span, 0);
  dispatch::log(log, "logs go on");
  const Recorded recorded = flushed();
  EXPECT_EQ(recorded.span_events(), 0u);
  EXPECT_EQ(recorded.logs.size(), 1u);
  const EventStats stats = pipeline::session_stats();
  EXPECT_EQ(of(stats, EventKind::kSpan).recorded, 0u);  // disabled, not dropped
}

TEST_F(DispatchTest, AsynchronousScopesKeepIdsParentsAndDepths) {
  init();
  static constinit SpanMetadata span{.name = "query"};
  static constinit SpanLocation place{};
  const std::uint64_t root = dispatch::on_begin_async_scope(span, 0, 0);
  const std::uint64_t child = dispatch::on_begin_async_named_scope(place, "child", root, 1);
  EXPECT_EQ(child, root + 1);
  std::thread([&] { dispatch::on_end_async_named_scope(child, root, place, "child", 1); }).join();
  dispatch::on_end_async_scope(root, 0, span, 0);
  const Recorded recorded = flushed();
  std::map<std::uint64_t, int> begins;
  std::map<std::uint64_t, int> ends;
  for (const auto& [stream, spans] : recorded.spans) {
    for (const auto& e : spans) {
      ++(e.kind == SpanEvent::Kind::kAsyncBegin ? begins : ends)[e.id];
      EXPECT_EQ(e.parent, e.id == child ? root : 0);
      EXPECT_EQ(e.depth, e.id == child ? 1u : 0u);
      EXPECT_EQ(e.name, e.id == child ? "child" : "query");
    }
  }
  using Counts = std::map<std::uint64_t, int>;
  EXPECT_EQ(begins, (Counts{{root, 1}, {child, 1}}));
  EXPECT_EQ(ends, begins);
  EXPECT_EQ(recorded.spans.size(), 2u);  // one stream of each thread
}

// A bridge from another library of spans, which tells of begins and ends as they happen: its tree,
// below the span of ours that was current, whichever thread ends what.
TEST_F(DispatchTest, SpansOfAnotherLibraryKeepTheirTreeAndAlwaysEnd) {
  init();
  struct Foreign {
    std::string name;
    std::uint64_t id, parent;
    std::uint32_t depth;
  };
  static constinit SpanLocation place{.target = "bridge"};
  const auto on_start = [](std::string name, std::uint64_t parent, std::uint32_t depth) {
    const std::uint64_t id = dispatch::on_begin_async_named_scope_dyn(place, name, parent, depth);
    return Foreign{std::move(name), id, parent, depth};
  };
  const auto on_end = [](const Foreign& span, std::span<const Property> attributes) {
    dispatch::on_end_async_named_scope_tagged(span.id, span.parent, place, span.name, span.depth,
                                              PropertySet::intern({}), attributes);
  };
  AsyncSpan ours = MM_BEGIN_ASYNC_SPAN("ours");
  const std::uint64_t ours_id = ours.id();
  const Foreign outer = on_start("outer", ours_id, ours.context().depth + 1);
  const Foreign inner = on_start("inner", outer.id, outer.depth + 1);
  const std::string value = std::to_string(404);
  const Property attributes[] = {{"http.status", value}};
  on_end(outer, attributes);                       // before its child
  std::thread([&] { on_end(inner, {}); }).join();  // which has recorded nothing before
  ours.end();

  struct Seen {
    int begins = 0, ends = 0;
    std::uint64_t parent = 0;
    std::map<std::string, std::string> properties;
  };
  std::map<std::string, Seen> seen;
  for (const auto& [stream, spans] : flushed().spans) {
    for (const auto& e : spans) {
      Seen& span = seen[e.name];
      ++(e.kind == SpanEvent::Kind::kAsyncBegin ? span.begins : span.ends);
      span.parent = e.parent;
      if (e.kind == SpanEvent::Kind::kAsyncEnd) span.properties = e.properties;
    }
  }
  for (const char* name : {"ours", "outer", "inner"}) {
    EXPECT_EQ(seen[name].begins, 1) << name;
    EXPECT_EQ(seen[name].ends, 1) << name;
  }
  EXPECT_EQ(seen["outer"].parent, ours_id);
  EXPECT_EQ(seen["inner"].parent, outer.id);
  EXPECT_EQ(seen["outer"].properties, (std::map<std::string, std::string>{{"http.status", "404"}}));
}

// How often each asynchronous span has begun and ended, by name: "+- a" is one that has done both.
std::vector<std::string> async_spans(const Recorded& recorded) {
  std::map<std::string, std::string> marks;
  for (const auto& [stream, spans] : recorded.spans) {
    for (const auto& e : spans) {
      if (e.kind == SpanEvent::Kind::kAsyncBegin) marks[e.name].insert(0, "+");
      if (e.kind == SpanEvent::Kind::kAsyncEnd) marks[e.name] += "-";
    }
  }
  std::vector<std::string> all;
  for (const auto& [name, mark] : marks) all.push_back(mark + " " + name);
  return all;
}

TEST_F(DispatchTest, AnAsynchronousScopeEndsOnce) {
  init();
  static constinit SpanMetadata span{.name = "plain"};
  static constinit SpanLocation place{};
  const std::uint64_t id = dispatch::on_begin_async_scope(span, 0, 0);
  const std::uint64_t named = dispatch::on_begin_async_named_scope(place, "named", id, 1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      dispatch::on_end_async_scope(id, 0, span, 0);
      dispatch::on_end_async_named_scope(named, id, place, "named", 1);
    });
  }
  for (auto& thread : threads) thread.join();
  dispatch::on_end_async_scope(named + 1'000'000, 0, span, 0);  // nobody's
  dispatch::on_end_async_scope(0, 0, span, 0);
  EXPECT_THAT(async_spans(flushed()), ElementsAre("+- named", "+- plain"));
  EXPECT_EQ(invalid(EventKind::kAsyncSpan), 8u);
}

TEST_F(DispatchTest, AFilterSeparatesNoAsynchronousScopesBeginAndEnd) {
  init();
  static constinit SpanMetadata plain{.name = "plain"};
  static constinit SpanLocation place{};
  const PropertySet& set = PropertySet::intern({{"k", "v"}});
  const auto filter = [](VerbosityFilter verbosity) {
    queue::Runtime::get().change_filters(
        [&](queue::Filters& filters) { filters.max_verbosity = verbosity; });
  };
  const auto begin = [](const char* name) {
    return dispatch::on_begin_async_named_scope(place, name, 0, 0);
  };
  const auto end = [](std::uint64_t id, const char* name) {
    dispatch::on_end_async_named_scope(id, 0, place, name, 0);
  };
  const std::uint64_t seen = begin("seen");
  const std::uint64_t tagged = begin("tagged");
  const std::uint64_t plain_seen = dispatch::on_begin_async_scope(plain, 0, 0);
  filter(VerbosityFilter::kOff);
  end(seen, "seen");
  dispatch::on_end_async_named_scope_tagged(tagged, 0, place, "tagged", 0, set, {});
  dispatch::on_end_async_scope_tagged(plain_seen, 0, plain, 0, set, {});
  const std::uint64_t unseen = begin("unseen");
  EXPECT_GT(unseen, tagged);
  filter(VerbosityFilter::kMax);
  end(unseen, "unseen");
  end(unseen, "unseen");
  EXPECT_THAT(async_spans(flushed()), ElementsAre("+- plain", "+- seen", "+- tagged"));
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kAsyncSpan).dropped_total(), 0u);
}

TEST_F(DispatchTest, AnAsynchronousScopeOfAnEndedTelemetryDoesNotEndInTheNext) {
  init();
  static constinit SpanMetadata old{.name = "old"};
  static constinit SpanMetadata fresh{.name = "fresh"};
  const std::uint64_t before = dispatch::on_begin_async_scope(old, 0, 0);
  const std::uint64_t open = dispatch::on_begin_async_scope(old, 0, 0);
  dispatch::shutdown_dispatch();
  dispatch::on_end_async_scope(before, 0, old, 0);
  sink_ = std::make_shared<RecordingSink>();
  init();
  dispatch::on_end_async_scope(open, 0, old, 0);
  const std::uint64_t id = dispatch::on_begin_async_scope(fresh, 0, 0);
  dispatch::on_end_async_scope(id, 0, fresh, 0);
  EXPECT_THAT(async_spans(flushed()), ElementsAre("+- fresh"));
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kAsyncSpan).dropped_total(), 0u);
}

TEST_F(DispatchTest, AForkedChildEndsNoAsynchronousScopeOfItsParents) {
  init();
  static constinit SpanMetadata span{.name = "parent's"};
  const std::uint64_t id = dispatch::on_begin_async_scope(span, 0, 0);
  const int result = testing::run_child([&] {
    auto sink = std::make_shared<RecordingSink>();
    if (!dispatch::init_event_dispatch(4096, 4096, 4096, sink, {}, true)) _exit(2);
    dispatch::on_end_async_scope(id, 0, span, 0);
    dispatch::flush_thread_buffer();
    const KindStats stats = of(pipeline::session_stats(), EventKind::kAsyncSpan);
    _exit(stats.recorded == 0 && async_spans(sink->recorded()).empty() ? 0 : 3);
  });
  EXPECT_TRUE(testing::exited_with(result, 0)) << result;
  dispatch::on_end_async_scope(id, 0, span, 0);
  EXPECT_THAT(async_spans(flushed()), ElementsAre("+- parent's"));
}

TEST_F(DispatchTest, MoreOpenAsynchronousScopesThanCanBeKnownAreDroppedWhole) {
  init();
  static constinit SpanMetadata span{.name = "s"};
  std::vector<std::uint64_t> ids;
  while (invalid(EventKind::kAsyncSpan) == 0 && ids.size() < 1'000'000) {
    for (int i = 0; i < 1000; ++i) ids.push_back(dispatch::on_begin_async_scope(span, 0, 0));
  }
  EXPECT_GE(ids.size(), queue::OpenAsyncSpans::kMax);
  const std::uint64_t lost = invalid(EventKind::kAsyncSpan);
  EXPECT_GT(lost, 0u);
  for (const std::uint64_t id : ids) dispatch::on_end_async_scope(id, 0, span, 0);
  const std::uint64_t id = dispatch::on_begin_async_scope(span, 0, 0);
  dispatch::on_end_async_scope(id, 0, span, 0);
  EXPECT_EQ(invalid(EventKind::kAsyncSpan), lost);
  flushed();
  const KindStats stats = of(pipeline::session_stats(), EventKind::kAsyncSpan);
  EXPECT_EQ(stats.recorded, 2 * (ids.size() + 1));
  EXPECT_EQ(stats.delivered, stats.recorded - lost);
}

std::map<std::string, Uuid> live_threads() {
  std::map<std::string, Uuid> names;
  dispatch::for_each_thread_stream(
      [&](ThreadStream& stream) { names[stream.properties["thread-name"]] = stream.stream_id; });
  return names;
}

TEST_F(DispatchTest, ForEachThreadStreamSeesTheThreadsThatLive) {
  init();
  static constinit SpanMetadata span{.name = "s"};
  dispatch::on_begin_scope(span);
  dispatch::on_end_scope(span);
  std::atomic<int> state{0};
  std::thread worker([&] {
    queue::Runtime::get().set_thread_name("worker-7");
    dispatch::on_begin_scope(span);
    dispatch::on_end_scope(span);
    state = 1;
    state.notify_all();
    state.wait(1);
  });
  state.wait(0);
  dispatch::flush_thread_buffer();
  EXPECT_EQ(live_threads().size(), 2u);
  EXPECT_EQ(live_threads().count("worker-7"), 1u);
  state = 2;
  state.notify_all();
  worker.join();
  dispatch::flush_thread_buffer();
  EXPECT_EQ(live_threads().count("worker-7"), 0u);
  EXPECT_EQ(live_threads().size(), 1u);
}

TEST_F(DispatchTest, AnUnregisteredThreadHasANewStreamAtItsNextEvent) {
  init();
  static constinit SpanMetadata span{.name = "s"};
  std::thread([] {
    dispatch::init_thread_stream();
    for (int round = 0; round < 2; ++round) {
      dispatch::on_begin_scope(span);
      dispatch::on_end_scope(span);
      dispatch::unregister_thread_stream();
    }
    dispatch::unregister_thread_stream();  // has nothing to do
  }).join();
  // Nobody flushes: the end of a stream is a reason to send it.
  EXPECT_TRUE(sink_->wait([](const Recorded& r) { return r.span_events() == 4; }));
  EXPECT_EQ(sink_->recorded().spans.size(), 2u);
}

TEST_F(DispatchTest, ASpanThatIsOpenWhenItsStreamEndsIsEnded) {
  init();
  static constinit SpanMetadata span{.name = "open"};
  std::thread([] {
    dispatch::on_begin_scope(span);
    dispatch::unregister_thread_stream();
    dispatch::on_end_scope(span);
  }).join();
  EXPECT_TRUE(sink_->wait([](const Recorded& r) { return r.span_events() == 2; }));
}

TEST_F(DispatchTest, MakeProcessInfoDescribesTheSystem) {
  const Uuid id = Uuid::random();
  const Uuid parent = Uuid::random();
  const ProcessInfo info = dispatch::make_process_info(id, parent, {{"k", "v"}});
  EXPECT_EQ(info.process_id, id);
  EXPECT_EQ(info.parent_process_id, std::optional(parent));
  EXPECT_EQ(info.properties, (PropertyMap{{"k", "v"}}));
  EXPECT_THAT(info.exe, HasSubstr("dispatch_test"));
  EXPECT_FALSE(info.computer.empty());
  EXPECT_FALSE(info.distro.empty());
  EXPECT_GT(info.start_time, 0);
}

}  // namespace
}  // namespace micromegas
