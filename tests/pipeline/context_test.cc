// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What events carry without being told each time: scopes, threads, the process, their origin.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/tests/pipeline/busy_thread.h"
#include "micromegas/tests/pipeline/session_fixture.h"

namespace micromegas {
namespace {

using namespace literals;
using Map = std::map<std::string, std::string>;

EventContextPtr context(std::vector<std::pair<std::string, std::string>> properties) {
  return std::make_shared<const EventContext>(EventContext{std::move(properties)});
}

class ContextTest : public SessionTest {
 protected:
  void TearDown() override {
    queue::Runtime::get().set_process_context(nullptr);
    set_thread_context();
    SessionTest::TearDown();
  }
  // Of the logs, in their order.
  std::vector<std::pair<std::string, Map>> logs() {
    std::vector<std::pair<std::string, Map>> out;
    for (const auto& log : flushed().logs) out.emplace_back(log.text, log.properties);
    return out;
  }
  void start_with_origin() {
    auto options = trace_options();
    options.flush.log_origin = true;
    start(std::move(options));
  }
};

TEST_F(ContextTest, EventsOfAScopeCarryItAndOthersDoNot) {
  start();
  MM_INFO("before");
  {
    const ContextScope outer("tenant"_k = "acme", "n"_k = 1);
    MM_INFO("outer");
    {
      const PropertySet& set = PropertySet::intern({{"tier", "gold"}, {"tenant", "of the set"}});
      const ContextScope inner("N"_k = 2, set);
      MM_INFO("inner", "own"_k = true);
      MM_INFO("wins", "tenant"_k = "own");
      MM_IMETRIC("m", "count", 1);
    }
    MM_INFO("outer again");
  }
  MM_INFO("after");
  const std::vector<std::pair<std::string, Map>> expected = {
      {"before", {}},
      {"outer", {{"tenant", "acme"}, {"n", "1"}}},
      {"inner", {{"own", "true"}, {"N", "2"}, {"tier", "gold"}, {"tenant", "of the set"}}},
      {"wins", {{"tenant", "own"}, {"N", "2"}, {"tier", "gold"}}},
      {"outer again", {{"tenant", "acme"}, {"n", "1"}}},
      {"after", {}}};
  EXPECT_EQ(logs(), expected);
  EXPECT_EQ(sink_->recorded().metrics.at(0).properties,
            (Map{{"N", "2"}, {"tier", "gold"}, {"tenant", "of the set"}}));
}

TEST_F(ContextTest, SpansCarryTheScopeThatTheyBeganIn) {
  start();
  {
    MM_SPAN("outside");
    const ContextScope scope("tenant"_k = "acme");
    MM_SPAN("inside", "own"_k = 1);
    { MM_SPAN_DYN(std::string("named")); }
  }
  std::map<std::string, Map> ends;
  const auto recorded = flushed();
  for (const auto& span : recorded.spans.begin()->second) {
    if (span.kind == SpanEvent::Kind::kEnd) ends[span.name] = span.properties;
  }
  EXPECT_EQ(ends, (std::map<std::string, Map>{{"outside", {}},
                                              {"inside", {{"own", "1"}, {"tenant", "acme"}}},
                                              {"named", {{"tenant", "acme"}}}}));
}

TEST_F(ContextTest, AnAsynchronousSpansEndCarriesThatOfTheThreadThatEndsIt) {
  start();
  queue::Runtime::get().set_process_context(context({{"build", "7"}}));
  set_thread_context("worker"_k = 1);
  AsyncSpan here;
  AsyncSpan elsewhere;
  {
    const ContextScope scope("tenant"_k = "of the begin");
    elsewhere = MM_BEGIN_ASYNC_SPAN("elsewhere");
    here = MM_BEGIN_ASYNC_SPAN("here", "own"_k = 1);
  }
  std::thread([&] {
    set_thread_context("worker"_k = 2);
    elsewhere.end();
  }).join();
  {
    const ContextScope scope("tenant"_k = "acme");
    here.end();
  }
  std::map<std::string, Map> begins;
  std::map<std::string, Map> ends;
  const auto recorded = flushed();
  for (const auto& [stream, spans] : recorded.spans) {
    for (const auto& span : spans) {
      (span.kind == SpanEvent::Kind::kAsyncEnd ? ends : begins)[span.name] = span.properties;
    }
  }
  EXPECT_EQ(begins, (std::map<std::string, Map>{{"elsewhere", {}}, {"here", {}}}));
  EXPECT_EQ(ends,
            (std::map<std::string, Map>{
                {"elsewhere", {{"worker", "2"}, {"build", "7"}}},
                {"here", {{"own", "1"}, {"tenant", "acme"}, {"worker", "1"}, {"build", "7"}}}}));
}

TEST_F(ContextTest, AThreadsContextIsItsOwnAndIsReplaced) {
  start();
  set_thread_context("worker"_k = 1);
  const ContextScope scope("scope"_k = "main");
  MM_INFO("main");
  std::thread([] {
    MM_INFO("bare");
    set_thread_context("worker"_k = 2, "more"_k = 3);
    MM_INFO("other");
    set_thread_context("worker"_k = 4);
    MM_INFO("replaced");
  }).join();
  std::map<std::string, Map> all;
  for (const auto& [text, properties] : logs()) all[text] = properties;
  EXPECT_EQ(all, (std::map<std::string, Map>{{"main", {{"worker", "1"}, {"scope", "main"}}},
                                             {"bare", {}},
                                             {"other", {{"worker", "2"}, {"more", "3"}}},
                                             {"replaced", {{"worker", "4"}}}}));
}

TEST_F(ContextTest, TheProcessContextHoldsFromItsMomentOn) {
  start();
  MM_INFO("before");
  queue::Runtime::get().set_process_context(context({{"build", "7"}, {"tenant", "none"}}));
  MM_INFO("with");
  {
    const ContextScope scope("tenant"_k = "acme");
    MM_INFO("in scope");
  }
  queue::Runtime::get().set_process_context(nullptr);
  MM_INFO("after");
  const std::vector<std::pair<std::string, Map>> expected = {
      {"before", {}},
      {"with", {{"build", "7"}, {"tenant", "none"}}},
      {"in scope", {{"tenant", "acme"}, {"build", "7"}}},
      {"after", {}}};
  EXPECT_EQ(logs(), expected);
}

TEST_F(ContextTest, TheProcessContextOfBeforeTheStartHolds) {
  queue::Runtime::get().set_process_context(context({{"build", "7"}}));
  start();
  MM_INFO("first");
  EXPECT_EQ(logs(), (std::vector<std::pair<std::string, Map>>{{"first", {{"build", "7"}}}}));
}

// Recorded, and changed again and again, between the looks at two queues in one pass of the actor.
TEST_F(ContextTest, AnEventFindsItsProcessContextHoweverManyFollow) {
  struct Holding : testing_support::RecordingSink {
    void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
      bool hold = false;
      block->for_each([&](const LogEvent& event) { hold |= event.text == "hold"; });
      RecordingSink::on_process_log_block(std::move(block));
      if (!hold) return;
      holding = true;
      holding.notify_all();
      let_go.wait(false);
    }
    std::atomic<bool> holding{false};
    std::atomic<bool> let_go{false};
  };
  const auto held = std::make_shared<Holding>();
  sink_ = held;
  pipeline::SessionOptions options;
  options.flush.log_block_bytes = 1;
  start(std::move(options));
  MM_INFO("first");  // so that this thread is read before the others
  Worker holder;
  holder.give([] { queue::Runtime::get().prepare_current_thread(); });
  Worker last;
  last.give([] { queue::Runtime::get().prepare_current_thread(); });
  flushed();
  holder.give([] { MM_INFO("hold"); });
  held->holding.wait(false);
  for (const char* const name : {"a", "b", "c", "d"}) {
    queue::Runtime::get().set_process_context(context({{"name", name}}));
    MM_INFO("{}", name);
  }
  last.give([] { MM_INFO("d"); });
  held->let_go = true;
  held->let_go.notify_all();
  std::size_t named = 0;
  for (const auto& [text, properties] : logs()) {
    if (text.size() != 1) continue;
    ++named;
    EXPECT_EQ(properties, (Map{{"name", text}}));
  }
  EXPECT_EQ(named, 5u);
}

TEST_F(ContextTest, WhileTelemetryIsStoppedOnlyTheLastOneIsKept) {
  queue::Runtime& runtime = queue::Runtime::get();
  start();
  runtime.set_process_context(context({{"build", "1"}}));
  EXPECT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
  for (int i = 2; i < 1000; ++i) {
    runtime.set_process_context(context({{"build", std::to_string(i)}}));
  }
  std::uint64_t seen = 0;
  std::vector<queue::ProcessContext> kept;
  ASSERT_TRUE(runtime.take_process_contexts(seen, kept));
  EXPECT_LE(kept.size(), 2U);
  start();
  MM_INFO("first");
  EXPECT_EQ(logs(), (std::vector<std::pair<std::string, Map>>{{"first", {{"build", "999"}}}}));
}

TEST_F(ContextTest, AScopeOfBeforeTheStartOrAfterTheEndDoesNothing) {
  const ContextScope before("a"_k = 1);
  start();
  MM_INFO("bare");
  EXPECT_EQ(logs(), (std::vector<std::pair<std::string, Map>>{{"bare", {}}}));
}

// While the sink holds the actor there is no room: neither for events nor for the end of the scope,
// and what comes when there is room again must not carry it.
TEST_F(ContextTest, AnEndThatFindsNoRoomIsMadeUpFor) {
  struct Held : testing_support::RecordingSink {
    void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
      if (!holding.exchange(true)) {
        while (!let_go.load()) std::this_thread::yield();
      }
      RecordingSink::on_process_log_block(std::move(block));
    }
    std::atomic<bool> holding{false};
    std::atomic<bool> let_go{false};
  };
  auto held = std::make_shared<Held>();
  sink_ = held;
  pipeline::SessionOptions options = trace_options();
  options.sink = held;
  options.queue_bytes = 256 << 10;
  options.flush.log_block_bytes = 1024;
  start(std::move(options));
  const std::string text(100, 'x');
  {
    const ContextScope scope("tenant"_k = "acme");
    while (!held->holding.load()) MM_INFO("{}", text);
    for (int i = 0; i < 20'000; ++i) MM_INFO("{}", text);  // until nothing fits
    for (int i = 0; i < 8'000; ++i) MM_INFO("short");
  }
  held->let_go.store(true);
  EXPECT_TRUE(pipeline::flush_session(in(std::chrono::seconds(20))));
  MM_INFO("after");
  const auto all = logs();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().first, "after");
  EXPECT_EQ(all.back().second, Map{});
  EXPECT_EQ(all.front().second, (Map{{"tenant", "acme"}}));
  const EventStats stats = pipeline::session_stats();
  EXPECT_GT(of(stats, EventKind::kLog).dropped_total(), 0u);
}

struct Keeping : BusySink {
  Keeping() { let_go = true; }
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    BusySink::on_process_log_block(block);
    sizes[0].push_back(block->memory_bytes());
    last_logs = std::move(block);
  }
  void on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) override {
    BusySink::on_process_metrics_block(block);
    sizes[1].push_back(block->memory_bytes());
  }
  void on_process_thread_block(std::shared_ptr<const ThreadBlock> block) override {
    BusySink::on_process_thread_block(block);
    sizes[2].push_back(block->memory_bytes());
  }
  std::vector<std::size_t> sizes[3];  // of the blocks, in bytes of memory
  std::shared_ptr<const LogBlock> last_logs;
};

class ContextSizeTest : public ContextTest, public ::testing::WithParamInterface<bool> {};

// Small records, each with a context of its own that is not.
TEST_P(ContextSizeTest, WhatContextsTakeCountsInTheSizeOfABlock) {
  const bool origin = GetParam();
  const auto keeping = std::make_shared<Keeping>();
  sink_ = keeping;
  constexpr std::size_t kLimit = 256U << 10;
  constexpr std::size_t kText = 8U << 10;
  pipeline::SessionOptions options;
  options.flush.log_block_bytes = kLimit;
  options.flush.metrics_block_bytes = kLimit;
  options.flush.thread_block_bytes = kLimit;
  options.flush.log_origin = origin;
  keeping->let_go = false;
  start(std::move(options));
  MM_INFO("hold");
  keeping->holding.wait(false);  // so that all is there when it reads
  constexpr std::size_t kRequests = 500;
  for (std::size_t i = 0; i < kRequests; ++i) {
    const ContextScope scope("sql"_k = std::string(kText, 'x') + std::to_string(i));
    MM_SPAN("request");
    MM_INFO("request");
    MM_IMETRIC("requests", "count", 1);
  }
  keeping->let_go = true;
  keeping->let_go.notify_all();
  const auto recorded = flushed();
  EXPECT_EQ(recorded.logs.size(), kRequests + 1);
  // With its origin a log has another context behind that, and blocks are cut after a segment.
  const std::size_t more = origin ? kLimit + 3 * queue::kSegmentBytes : 2 * kText + 4096;
  for (const std::vector<std::size_t>& sizes : keeping->sizes) {
    std::size_t all = 0;
    for (const std::size_t size : sizes) {
      EXPECT_LT(size, kLimit + more);
      all += size;
    }
    EXPECT_GT(all, kRequests * kText);
  }
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutOrigin, ContextSizeTest, ::testing::Bool());

TEST_F(ContextTest, APartOfABlockKeepsItsOwnContextsOnly) {
  const auto keeping = std::make_shared<Keeping>();
  sink_ = keeping;
  start();
  for (int i = 0; i < 10; ++i) {
    const ContextScope scope("large"_k = std::string(10'000, 'x'), "i"_k = i);
    MM_INFO("left out");
  }
  for (int i = 0; i < 2; ++i) {
    const ContextScope scope("tenant"_k = "acme");
    MM_WARN("wanted");
    MM_WARN("wanted");
  }
  MM_WARN("bare");
  flushed();
  FilteredLogs stream;
  const auto part = filter_block(keeping->last_logs, LogFilter(LevelFilter::kWarn), stream);
  ASSERT_NE(part, nullptr);
  EXPECT_GT(keeping->last_logs->memory_bytes(), 100'000u);
  EXPECT_LT(part->memory_bytes(), 10'000u);
  std::vector<std::string> tenants;
  part->for_each([&](const LogEvent& event) {
    tenants.emplace_back(event.properties.empty() ? "" : event.properties[0].value);
  });
  EXPECT_EQ(tenants, (std::vector<std::string>{"acme", "acme", "acme", "acme", ""}));
}

TEST_F(ContextTest, LogsSayTheirThreadAndTheirSpan) {
  start_with_origin();
  queue::Runtime::get().set_thread_name("main one");
  MM_INFO("before");
  {
    MM_SPAN("outer");
    MM_INFO("in outer", "own"_k = 1);
    {
      MM_SPAN_DYN(std::string("named"));
      const ContextScope scope("tenant"_k = "acme");
      MM_INFO("in named");
    }
    MM_INFO("in outer again");
  }
  MM_INFO("after");
  const std::string id = std::to_string(gettid());
  const std::vector<std::pair<std::string, Map>> expected = {
      {"before", {{"thread.id", id}, {"thread.name", "main one"}}},
      {"in outer",
       {{"own", "1"}, {"thread.id", id}, {"thread.name", "main one"}, {"span.name", "outer"}}},
      {"in named",
       {{"tenant", "acme"},
        {"thread.id", id},
        {"thread.name", "main one"},
        {"span.name", "named"}}},
      {"in outer again", {{"thread.id", id}, {"thread.name", "main one"}, {"span.name", "outer"}}},
      {"after", {{"thread.id", id}, {"thread.name", "main one"}}}};
  EXPECT_EQ(logs(), expected);
}

// More spans than are remembered, recorded before the actor reads and while it does.
TEST_F(ContextTest, ALogFindsItsSpanHoweverManyFollow) {
  const auto busy = std::make_shared<BusySink>();
  sink_ = busy;
  auto options = trace_options();
  options.flush.log_origin = true;
  options.flush.thread_block_bytes = 1024;
  start(std::move(options));
  int next = 0;
  const auto record = [&next] {
    for (int i = 0; i < 40'000; ++i) {
      MM_SPAN("filler");
      if (i % 1000 != 0) continue;
      const std::string name = std::to_string(next++);
      MM_SPAN_DYN(name);
      MM_DEBUG("{}", name);
    }
  };
  Worker worker;
  worker.give([] { queue::Runtime::get().prepare_current_thread(); });
  MM_INFO("hold");
  busy->holding.wait(false);
  worker.give(record);
  busy->at_first_block = [&] { worker.give(record); };
  busy->let_go = true;
  busy->let_go.notify_all();
  flushed();
  int seen = 0;
  for (const auto& [text, properties] : logs()) {
    if (text == "hold") continue;
    ++seen;
    const auto span = properties.find("span.name");
    ASSERT_NE(span, properties.end()) << text;
    ASSERT_EQ(span->second, text);
  }
  EXPECT_EQ(seen, 80);
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 0u);
}

// Whatever the actor reads when, a log's span is the one that it was recorded in.
TEST_F(ContextTest, ManyThreadsNeverGetAnothersSpanOrScope) {
  start_with_origin();
  constexpr int kThreads = 4;
  constexpr int kRounds = 3000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < kRounds; ++i) {
        const std::string name = std::to_string(t) + "/" + std::to_string(i % 7);
        const ContextScope scope("scope"_k = name);
        MM_SPAN_DYN(name);
        MM_INFO("{}", name);
        if (i % 100 == 0) std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto all = logs();
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kThreads * kRounds));
  for (const auto& [text, properties] : all) {
    ASSERT_EQ(properties.at("scope"), text);
    ASSERT_EQ(properties.at("span.name"), text);
  }
}

}  // namespace
}  // namespace micromegas
