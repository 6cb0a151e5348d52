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
