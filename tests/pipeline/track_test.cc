// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Tracks: streams of spans that are not a thread's.

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/fmt.h"
#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/support/child.h"

namespace micromegas::testing {
// A value whose formatter runs code of the program.
struct Runs {
  std::function<void()> code;
};
}  // namespace micromegas::testing

template <>
struct fmt::formatter<micromegas::testing::Runs> {
  constexpr auto parse(format_parse_context& context) { return context.begin(); }
  auto format(const micromegas::testing::Runs& value, format_context& context) const {
    value.code();
    return fmt::format_to(context.out(), "ran");
  }
};

namespace micromegas {
namespace {

using namespace literals;
using namespace std::chrono_literals;
using Map = std::map<std::string, std::string>;

class TrackTest : public SessionTest {
 protected:
  // The spans of the streams of this name, one after the other.
  std::vector<testing_support::Span> of_track(const std::string& name) {
    std::vector<testing_support::Span> all;
    const auto recorded = flushed();
    for (const auto& [stream, events] : recorded.spans) {
      const PropertyMap& properties = recorded.streams.at(stream).properties;
      if (properties.at("thread-name") != name) continue;
      EXPECT_FALSE(properties.at("thread-id").empty());
      all.insert(all.end(), events.begin(), events.end());
    }
    return all;
  }
  static std::string text(const std::vector<testing_support::Span>& spans) {
    std::string all;
    for (const auto& span : spans) {
      all += (span.kind == SpanEvent::Kind::kBegin ? " +" : " -") + span.name;
    }
    return all.empty() ? all : all.substr(1);
  }
  std::uint64_t invalid() {
    return of(pipeline::session_stats(), EventKind::kSpan)
        .dropped[static_cast<std::size_t>(DropReason::kInvalid)];
  }
};

TEST_F(TrackTest, IsAStreamOfItsOwnWhoeverRecords) {
  start();
  Track gpu("gpu");
  MM_SPAN("thread's");
  gpu.begin("frame", "number"_k = 1);
  std::thread([&] { gpu.begin(std::string("draw"), "pass"_k = "opaque"); }).join();
  { MM_SPAN("inside"); }
  gpu.end();
  std::thread([&] { gpu.end(); }).join();
  const auto spans = of_track("gpu");
  ASSERT_EQ(text(spans), "+frame +draw -draw -frame");
  EXPECT_EQ(spans[2].properties, (Map{{"pass", "opaque"}}));
  EXPECT_EQ(spans[3].properties, (Map{{"number", "1"}}));
  EXPECT_EQ(invalid(), 0u);
}

TEST_F(TrackTest, TimesMayBeGiven) {
  start();
  Track disk("disk");
  const std::int64_t t = pipeline::now();
  disk.span("read", t, t + 1000, "bytes"_k = 512);
  disk.begin_at(t + 1000, "sync");
  disk.span("write", t + 1500, t + 1600);
  disk.end_at(t + 2000);
  const auto spans = of_track("disk");
  ASSERT_EQ(text(spans), "+read -read +sync +write -write -sync");
  EXPECT_EQ(spans[0].time, t);
  EXPECT_EQ(spans[1].time, t + 1000);
  EXPECT_EQ(spans[1].properties, (Map{{"bytes", "512"}}));
  EXPECT_EQ(spans[5].time, t + 2000);
}

TEST_F(TrackTest, WhatDoesNotFitIsIgnoredAndCounted) {
  start();
  Track track("track");
  const std::int64_t t = pipeline::now();
  track.end();                        // 1: nothing is open
  track.span("backwards", t, t - 1);  // 2
  track.span("good", t, t + 100);
  track.span("too early", t + 50, t + 200, "a"_k = 1);  // 2
  track.begin_at(t + 300, "outer", "kept"_k = 1);
  track.begin_at(t + 200, "too early too", "b"_k = 1);  // 2, and what is inside
  track.span("inside that", t + 400, t + 500);          // 2
  track.end_at(t + 600);
  track.end_at(t + 10);  // never before what came before it
  track.end();           // 1
  const auto spans = of_track("track");
  ASSERT_EQ(text(spans), "+good -good +outer -outer");
  EXPECT_EQ(spans[3].properties, (Map{{"kept", "1"}}));
  EXPECT_EQ(spans[3].time, t + 300);
  EXPECT_EQ(invalid(), 10u);
}

// The first test that makes it say so: a line comes once in ten seconds.
TEST_F(TrackTest, ATimeOfAnotherUnitIsRefusedAndSaidOnce) {
  static std::vector<std::string> said;
  said.clear();
  set_diagnostic_handler([](std::string_view line) { said.emplace_back(line); });
  start();
  Track track("track");
  const std::int64_t t = pipeline::now();
  const std::int64_t earlier = t - 1'800'000'000'000;
  track.span("milliseconds", t / 1'000'000, t / 1'000'000 + 1);  // 2
  track.begin_at(INT64_MIN + 1, "least");                        // 1
  track.end_at(INT64_MIN + 1);                                   // 1
  track.span("most", INT64_MAX - 1, INT64_MAX);                  // 2
  track.span("before the start", earlier, earlier + 1);
  track.begin_at(t, "good");
  track.end_at(INT64_MAX);
  const auto spans = of_track("track");
  ASSERT_EQ(text(spans), "+before the start -before the start +good -good");
  EXPECT_EQ(spans[0].time, earlier);
  EXPECT_EQ(spans[3].time, t);
  for (const auto& block : sink_->recorded().blocks) EXPECT_GE(block.header.begin_time, earlier);
  EXPECT_EQ(invalid(), 6u);
  set_diagnostic_handler(nullptr);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_NE(said[0].find("nanoseconds"), std::string::npos) << said[0];
}

TEST_F(TrackTest, ATimeFarAheadIsRefusedAndTheTrackGoesOn) {
  start();
  Track track("track");
  const std::int64_t t = pipeline::now();
  constexpr std::int64_t kHour = 3'600'000'000'000;
  track.span("a unit too many", t + kHour, t + 2 * kHour);  // 2
  track.begin_at(t, "ends far ahead");
  track.end_at(t + kHour);  // at the latest time before
  track.begin("after");
  track.end();
  const auto spans = of_track("track");
  ASSERT_EQ(text(spans), "+ends far ahead -ends far ahead +after -after");
  EXPECT_GE(spans[1].time, t);
  EXPECT_LT(spans[1].time, t + kHour);
  EXPECT_EQ(invalid(), 2u);
}

TEST_F(TrackTest, ASpanThatIsOpenAtTheEndOfItsTrackEndsBehindItsBegin) {
  start();
  {
    Track gpu("gpu");  // whose clock is a little ahead
    gpu.begin_at(pipeline::now() + 1'000'000'000, "ahead");
  }
  const auto spans = of_track("gpu");
  ASSERT_EQ(text(spans), "+ahead -ahead");
  EXPECT_GE(spans[1].time, spans[0].time);
}

TEST_F(TrackTest, ADeadTrackIgnoresAndCounts) {
  start();
  Track track("track");
  track.begin("open");
  track.close();
  track.end();                                      // 1
  track.begin("late");                              // 1
  track.span("whole", pipeline::now(), INT64_MAX);  // 2
  track.close();
  EXPECT_EQ(text(of_track("track")), "+open -open");
  EXPECT_EQ(invalid(), 4u);
  EXPECT_TRUE(sink_->wait([](const testing_support::Recorded& r) { return r.ended.size() == 1; }));
}

TEST_F(TrackTest, AFormatterMayRecordIntoAnyTrack) {
  using testing::Runs;
  start();
  Track a("a");
  Track b("b");
  Track closed("closed");
  a.begin("outer", "runs"_k = Runs{[&] {
                     b.begin("other", "runs"_k = Runs{[&] {
                                        a.begin("first");
                                        a.end();
                                      }});
                     b.end();
                   }});
  a.end();
  closed.begin("never", "runs"_k = Runs{[&] { closed.close(); }});
  // Each from the other's formatter, on two threads.
  const auto cross = [](Track& one, Track& other) {
    for (int i = 0; i < 500; ++i) {
      one.begin("cross", "runs"_k = Runs{[&] {
                           other.begin("crossed");
                           other.end();
                         }});
      one.end();
    }
  };
  std::thread there([&] { cross(a, b); });
  cross(b, a);
  there.join();
  const auto spans = of_track("a");
  EXPECT_EQ(spans.size(), 4u + 2 * 1000u);
  EXPECT_EQ(spans[0].name, "first");
  EXPECT_EQ(spans[3].name, "outer");
  EXPECT_EQ(spans[3].properties, (Map{{"runs", "ran"}}));
  EXPECT_EQ(of_track("b").size(), 2u + 2 * 1000u);
  EXPECT_EQ(invalid(), 1u);
}

TEST_F(TrackTest, ALongNameIsCutBetweenCharacters) {
  start();
  Track track(std::string(1023, 'x') + "\xc3\xa9");
  track.begin("span");
  track.end();
  EXPECT_EQ(of_track(std::string(1023, 'x')).size(), 2u);
  EXPECT_EQ(queue::Runtime::get().cut_texts(), 1u);
}

TEST_F(TrackTest, LivesThroughTheEndOfTelemetryAndAnotherStart) {
  Track track("track");
  track.begin("before");
  track.end();
  start();
  track.begin("open");
  ASSERT_TRUE(pipeline::stop_session(0, in(20s)));
  track.begin("between");
  sink_ = std::make_shared<testing_support::RecordingSink>();
  start();
  track.end();
  track.begin("new");
  track.end();
  EXPECT_EQ(text(of_track("track")), "+new -new");
  EXPECT_EQ(invalid(), 1u);
}

TEST_F(TrackTest, OffNothingIsRecordedAndPairsStayPairs) {
  start();
  const auto set_spans = [](bool on) {
    queue::Runtime::get().change_filters([on](queue::Filters& f) { f.spans = on; });
  };
  Track track("track");
  track.begin("outer");
  set_spans(false);
  track.begin("off");
  set_spans(true);
  track.begin("inside off");
  track.end();
  track.end();
  track.begin("inner");
  track.end();
  track.end();
  EXPECT_EQ(text(of_track("track")), "+outer +inner -inner -outer");
  EXPECT_EQ(invalid(), 0u);
}

TEST_F(TrackTest, ManyThreadsMayShareOne) {
  start();
  Track track("track");
  constexpr int kSpans = 2000;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kSpans; ++j) {
        track.begin("shared");
        track.end();
        MM_SPAN("own");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(of_track("track").size(), 4u * 2 * kSpans);
  EXPECT_EQ(invalid(), 0u);
}

TEST_F(TrackTest, AForkedChildHasATrackOfItsOwn) {
  start();
  Track track("track");
  track.begin("parent's");
  const int status = testing::run_child([&] {
    auto own = std::make_shared<testing_support::RecordingSink>();
    pipeline::SessionOptions options;
    options.sink = own;
    options.process.process_id = Uuid::random();
    if (!pipeline::start_session(std::move(options))) _exit(1);
    track.begin("child's");
    track.end();
    if (!pipeline::flush_session(in(10s))) _exit(2);
    if (own->recorded().span_events() != 2) _exit(3);
    _exit(pipeline::stop_session(0, in(10s)) ? 0 : 5);
  });
  EXPECT_TRUE(testing::exited_with(status, 0)) << status;
  track.end();
  EXPECT_EQ(text(of_track("track")), "+parent's -parent's");
}

}  // namespace
}  // namespace micromegas
