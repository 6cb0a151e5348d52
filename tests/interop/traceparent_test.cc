// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/traceparent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <asio.hpp>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <map>
#include <new>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/asio.h"
#include "micromegas/dispatch.h"
#include "micromegas/testing.h"

namespace micromegas {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using Map = std::map<std::string, std::string>;

// From the recommendation.
constexpr char kSampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kNotSampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kParent[] = "00f067aa0ba902b7";

Map map(const MemorySink::Properties& properties) {
  Map out;
  for (const auto& p : properties) out.emplace(p.name, p.value);
  return out;
}

std::string later(std::string_view version, std::string_view rest = "") {
  return std::string(version) + "-" + kTrace + "-" + kParent + "-01" + std::string(rest);
}

// --- the header ---

TEST(TraceParent, TheRecommendationsExamples) {
  const auto sampled = TraceParent::parse(kSampled);
  ASSERT_TRUE(sampled);
  EXPECT_EQ(sampled->trace_id[0], 0x4b);
  EXPECT_EQ(sampled->trace_id[15], 0x36);
  EXPECT_EQ(sampled->parent_id[7], 0xb7);
  EXPECT_EQ(sampled->flags, TraceParent::kSampled);
  EXPECT_EQ(sampled->to_string(), kSampled);
  const auto other = TraceParent::parse(kNotSampled);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->flags, 0);
  EXPECT_EQ(other->to_string(), kNotSampled);
  // "The example of an invalid trace-id, of an invalid parent-id."
  EXPECT_FALSE(TraceParent::parse("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
  EXPECT_FALSE(TraceParent::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
}

TEST(TraceParent, LaterVersionsAreReadAsFarAsTheyAreKnown) {
  for (const std::string& header : {later("01"), later("cc"), later("fe"), later("cc", "-"),
                                    later("cc", "-what-the-future-is"), later("01", "-01")}) {
    const auto parsed = TraceParent::parse(header);
    ASSERT_TRUE(parsed) << header;
    EXPECT_EQ(parsed->to_string(), kSampled) << header;
  }
  for (const std::string& header :
       {later("ff"), later("ff", "-x"), later("cc", "x"), later("cc", "."), later("01", "0"),
        later("00", "-"), later("00", "-extra"), later("00", "0")}) {
    EXPECT_FALSE(TraceParent::parse(header)) << header;
  }
}

TEST(TraceParent, OnlyFlagsThatAreDefinedAreKept) {
  const std::string ids = std::string("00-") + kTrace + "-" + kParent + "-";
  const std::pair<const char*, int> cases[] = {{"00", 0}, {"01", 1}, {"02", 2}, {"03", 3},
                                               {"ff", 3}, {"fc", 0}, {"05", 1}};
  for (const auto& [flags, kept] : cases) {
    const auto parsed = TraceParent::parse(ids + flags);
    ASSERT_TRUE(parsed) << flags;
    EXPECT_EQ(parsed->flags, kept) << flags;
    EXPECT_EQ(parsed->to_string().substr(53), "0" + std::to_string(kept));
  }
}

TEST(TraceParent, NothingElseIsOne) {
  const std::string good = kSampled;
  // Each place: every byte that does not belong there, and the header without it.
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int c = 0; c < 256; ++c) {
      const char byte = static_cast<char>(c);
      std::string header = good;
      header[at] = byte;
      const bool is_dash = at == 2 || at == 35 || at == 52;
      const bool is_digit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
      if (is_dash ? byte == '-' : is_digit) continue;
      EXPECT_FALSE(TraceParent::parse(header)) << at << " " << c;
    }
    std::string shorter = good;
    shorter.erase(at, 1);
    EXPECT_FALSE(TraceParent::parse(shorter)) << at;
    EXPECT_FALSE(TraceParent::parse(good.substr(0, at))) << at;
  }
  for (const char* header :
       {"", "-", "00", " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(TraceParent::parse(header)) << header;
  }
  EXPECT_FALSE(TraceParent::parse(std::string(1 << 20, '0')));
  EXPECT_FALSE(TraceParent::parse(std::string_view("\0\0\0", 3)));
}

TEST(TraceParent, RandomBytesNeverHarm) {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string header = kSampled;
    for (int changes = 0; changes < 3; ++changes) {
      header[random() % header.size()] = static_cast<char>(random());
    }
    header.resize(random() % 60);
    if (const auto parsed = TraceParent::parse(header)) {
      EXPECT_TRUE(TraceParent::parse(parsed->to_string()));
    }
  }
}

// --- ids ---

TEST(TraceIds, DifferForEachNumberAndProcess) {
  std::set<std::array<std::uint8_t, 16>> traces;
  std::set<std::array<std::uint8_t, 8>> spans;
  for (int process = 0; process < 20; ++process) {
    const Uuid id = Uuid::random();
    for (std::uint64_t n = 0; n < 1000; ++n) {
      traces.insert(make_trace_id(id, n));
      spans.insert(make_span_id(id, n));
      spans.insert(make_span_id(id, (std::uint64_t{1} << 63) + n));
    }
  }
  EXPECT_EQ(traces.size(), 20'000u);
  EXPECT_EQ(spans.size(), 40'000u);
  EXPECT_EQ(traces.count({}), 0u);
  EXPECT_EQ(spans.count({}), 0u);
}

// The formula of the header: others may compute it.
TEST(TraceIds, AreWhatTheHeaderSays) {
  const auto process = Uuid::parse("01234567-89ab-4def-8123-456789abcdef");
  ASSERT_TRUE(process);
  TraceParent parent;
  parent.trace_id = make_trace_id(*process, 1);
  parent.parent_id = make_span_id(*process, 1);
  EXPECT_EQ(parent.to_string(), "00-0123456789ab4defd7b1537a99a0c80a-41a4752ec517099c-00");
}

// --- contexts ---

TEST(TraceContext, JoinsTheTraceThatCame) {
  testing::Recorder recorder;
  const TraceContext trace = TraceContext::from(kSampled);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace.incoming(), TraceParent::parse(kSampled));
  EXPECT_EQ(trace.trace_id(), kTrace);
  EXPECT_EQ(trace.parent_span_id(), kParent);
  EXPECT_EQ(trace.traceparent(), std::string("00-") + kTrace + "-" + trace.span_id() + "-01");
  EXPECT_NE(trace.span_id(), kParent);
  // Whoever was not sampled is not sampled here.
  EXPECT_EQ(TraceContext::from(kNotSampled).traceparent().substr(52), "-00");
}

TEST(TraceContext, BeginsOneWhenNoneOrNonsenseCame) {
  testing::Recorder recorder;
  std::set<std::string> traces;
  for (const char* header :
       {"", "nonsense", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}) {
    const TraceContext trace = TraceContext::from(header);
    ASSERT_TRUE(trace);
    EXPECT_FALSE(trace.incoming());
    EXPECT_EQ(trace.parent_span_id(), "");
    const auto sent = TraceParent::parse(trace.traceparent());
    ASSERT_TRUE(sent) << trace.traceparent();
    EXPECT_EQ(sent->flags, TraceParent::kSampled);
    traces.insert(trace.trace_id());
  }
  EXPECT_THAT(traces, SizeIs(3));
}

TEST(TraceContext, WithoutTelemetryWhatCameIsPassedOn) {
  EXPECT_EQ(TraceContext::from(kSampled).traceparent(), kSampled);
  EXPECT_EQ(TraceContext::from("nonsense").traceparent(), "");
  EXPECT_FALSE(TraceContext::from(""));
  const TraceScope scope(TraceContext::from(""));
  EXPECT_EQ(outgoing_traceparent(), "");
}

TEST(TraceScope, WhatIsRecordedInsideCarriesTheIds) {
  testing::Recorder recorder;
  const TraceContext trace = TraceContext::from(kSampled);
  {
    const TraceScope scope(trace);
    MM_INFO("inside");
    MM_IMETRIC("inside", "count", 1);
    { MM_SPAN("inside"); }
    EXPECT_EQ(outgoing_traceparent(), trace.traceparent());
    {
      const TraceScope begun(TraceContext::from(""));
      MM_INFO("deeper");
      EXPECT_NE(outgoing_traceparent().substr(0, 35), trace.traceparent().substr(0, 35));
    }
    EXPECT_EQ(outgoing_traceparent(), trace.traceparent());
    std::thread([] { EXPECT_EQ(outgoing_traceparent(), ""); }).join();
  }
  MM_INFO("outside");
  EXPECT_EQ(outgoing_traceparent(), "");
  EXPECT_FALSE(current_trace());
  const Map expected = {
      {"trace_id", kTrace}, {"parent_span_id", kParent}, {"span_id", trace.span_id()}};
  const auto logs = recorder.logs();
  ASSERT_THAT(logs, SizeIs(3));
  EXPECT_EQ(map(logs[0].properties), expected);
  EXPECT_THAT(map(logs[2].properties), IsEmpty());
  const Map begun = map(logs[1].properties);
  EXPECT_NE(begun.at("trace_id"), kTrace);
  EXPECT_NE(begun.at("span_id"), trace.span_id());
  EXPECT_EQ(begun.at("parent_span_id"), "");
  EXPECT_EQ(map(recorder.metrics()[0].properties), expected);
  EXPECT_EQ(map(recorder.spans()[0].properties), expected);
}

// What is sent and what is recorded are of one trace.
TEST(TraceScope, OfNoneLeavesTheOuterOne) {
  testing::Recorder recorder;
  const TraceContext trace = TraceContext::from(kSampled);
  {
    const TraceScope outer(trace);
    const TraceScope none{TraceContext()};
    MM_INFO("inside");
    EXPECT_EQ(outgoing_traceparent(), trace.traceparent());
  }
  EXPECT_EQ(outgoing_traceparent(), "");
  EXPECT_EQ(map(recorder.logs()[0].properties).at("span_id"), trace.span_id());
}

// Its memory is wiped when it goes.
struct Frame {
  struct promise_type {
    Frame get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
    static void* operator new(std::size_t bytes) { return ::operator new(bytes); }
    static void operator delete(void* frame, std::size_t bytes) {
      std::fill_n(static_cast<volatile char*>(frame), bytes, '\0');
      ::operator delete(frame);
    }
  };
  std::coroutine_handle<promise_type> handle;
};

// What the header tells not to do leaves a wrong trace behind, and nothing worse.
TEST(TraceScope, HeldWhereItsCoroutineSuspendsLeavesNoPointerBehind) {
  testing::Recorder recorder;
  const TraceContext trace = TraceContext::from(kSampled);
  const auto body = [](TraceContext held) -> Frame {
    const TraceScope scope(held);
    co_await std::suspend_always();
  };
  std::thread([&] {
    const Frame frame = body(trace);
    std::thread([&] {
      frame.handle.destroy();
      EXPECT_EQ(outgoing_traceparent(), "");
    }).join();
    EXPECT_EQ(outgoing_traceparent(), trace.traceparent());
  }).join();
  EXPECT_EQ(outgoing_traceparent(), "");
}

TEST(TraceContext, GivesARootSpanItsIds) {
  testing::Recorder recorder;
  const TraceContext trace = TraceContext::from(kSampled);
  {
    MM_ASYNC_SPAN_VAR(span, "root");
    trace.set_on(span);
    MM_SPAN_VAR(thread_span, "thread");
    TraceContext::from("").set_on(thread_span);
    TraceContext().set_on(span);  // none
  }
  const auto spans = recorder.async_spans();
  ASSERT_THAT(spans, SizeIs(1));
  EXPECT_EQ(map(spans[0].properties),
            (Map{{"trace_id", kTrace}, {"parent_span_id", kParent}, {"span_id", trace.span_id()}}));
  const Map begun = map(recorder.spans()[0].properties);
  EXPECT_THAT(begun, SizeIs(3));
  EXPECT_EQ(begun.at("parent_span_id"), "");
}

// A header that is sent from a span names that span, by the id that its process and its own id
// give.
TEST(OutgoingTraceparent, IsOfTheCurrentSpan) {
  testing::Recorder recorder;
  std::string sent;
  std::uint64_t id = 0;
  {
    const TraceScope scope(TraceContext::from(kSampled));
    MM_ASYNC_SPAN_VAR(span, "query");
    const SpanContextScope current(span.context());
    id = span.id();
    sent = outgoing_traceparent();
  }
  const auto process = dispatch::process_id();
  ASSERT_TRUE(process);
  TraceParent expected = *TraceParent::parse(kSampled);
  expected.parent_id = make_span_id(*process, id);
  EXPECT_EQ(sent, expected.to_string());
}

// The other side's parent_span_id is then in our rows.
TEST(OutgoingTraceparent, GivesTheCurrentSpanItsIds) {
  testing::Recorder recorder;
  std::string sent;
  const auto query = [&]() -> asio::awaitable<void> {
    const TraceScope scope(TraceContext::from(kSampled));
    sent = outgoing_traceparent();
    co_return;
  };
  asio::io_context context;
  micromegas::co_spawn(context, MM_ASYNC_SPAN("query", query()), asio::detached);
  context.run();
  const auto spans = recorder.async_spans();
  ASSERT_THAT(spans, SizeIs(1));
  const Map properties = map(spans[0].properties);
  EXPECT_EQ(properties.at("trace_id"), kTrace);
  EXPECT_EQ(properties.at("span_id"), sent.substr(36, 16));
}

// Whoever has had a header already looks for the id in it.
TEST(OutgoingTraceparent, ASpanKeepsTheIdThatItHas) {
  testing::Recorder recorder;
  std::vector<std::string> sent;
  const auto query = [&]() -> asio::awaitable<void> {
    const TraceContext trace = TraceContext::from(kSampled);
    trace.set_on(current_span());
    sent.push_back(trace.traceparent());
    const TraceScope scope(trace);
    sent.push_back(outgoing_traceparent());
    sent.push_back(outgoing_traceparent());
    co_return;
  };
  asio::io_context context;
  micromegas::co_spawn(context, MM_ASYNC_SPAN("query", query()), asio::detached);
  context.run();
  EXPECT_THAT(sent, ElementsAre(sent[0], sent[0], sent[0]));
  const auto spans = recorder.async_spans();
  ASSERT_THAT(spans, SizeIs(1));
  const Map properties = map(spans[0].properties);
  EXPECT_EQ(properties.at("span_id"), sent[0].substr(36, 16));
  EXPECT_EQ(properties.at("parent_span_id"), kParent);
}

// A batch whose messages came with traces of their own: each header's ids are in rows of one trace.
TEST(OutgoingTraceparent, InASpanOfAnotherTraceItNamesTheScope) {
  testing::Recorder recorder;
  const TraceContext first = TraceContext::from(kSampled);
  const TraceContext second = TraceContext::from("");
  std::vector<std::string> sent;
  const auto batch = [&]() -> asio::awaitable<void> {
    for (const TraceContext& trace : {first, second, first}) {
      const TraceScope scope(trace);
      sent.push_back(outgoing_traceparent());
    }
    co_return;
  };
  asio::io_context context;
  micromegas::co_spawn(context, MM_ASYNC_SPAN("batch", batch()), asio::detached);
  context.run();
  ASSERT_THAT(sent, SizeIs(3));
  EXPECT_EQ(sent[1], second.traceparent());
  EXPECT_EQ(sent[2], sent[0]);
  const auto spans = recorder.async_spans();
  ASSERT_THAT(spans, SizeIs(1));
  const Map properties = map(spans[0].properties);
  EXPECT_EQ(properties.at("trace_id"), kTrace);
  EXPECT_EQ(properties.at("span_id"), sent[0].substr(36, 16));
}

}  // namespace
}  // namespace micromegas
