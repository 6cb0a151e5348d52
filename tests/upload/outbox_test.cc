// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is sent when, and what answers do; time is an argument here.

#include <string>

#include "micromegas/tests/upload/outbox_fixture.h"

namespace micromegas::upload {
namespace {

using ::testing::ElementsAre;

TEST_F(OutboxTest, SendsMetadataThenLogsThenMetricsThenSpans) {
  items_.announce(*outbox_);
  outbox_->add_block(items_.block(StreamKind::kThread, "spans 1"));
  outbox_->add_block(items_.block(StreamKind::kMetrics, "metrics 1"));
  outbox_->add_block(items_.block(StreamKind::kLog, "logs 1"));
  outbox_->add_block(items_.block(StreamKind::kThread, "spans 2"));
  outbox_->add_block(items_.block(StreamKind::kLog, "logs 2"));
  EXPECT_THAT(drain(), ElementsAre("process", "metrics stream", "log stream", "logs 1", "logs 2",
                                   "metrics 1", "thread stream", "spans 1", "spans 2"));
}

TEST_F(OutboxTest, AnnouncesAStreamWithItsFirstBlockAndOnce) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "a"));
  EXPECT_THAT(drain(), ElementsAre("log stream", "a"));
  outbox_->add_block(items_.block(StreamKind::kLog, "b"));
  EXPECT_THAT(drain(), ElementsAre("b"));
}

TEST_F(OutboxTest, HoldsABlockUntilItsProcessAndStreamAreAcknowledged) {
  items_.announce(*outbox_);
  outbox_->add_block(items_.block(StreamKind::kLog, "a"));
  EXPECT_EQ(take(), "process");
  EXPECT_EQ(take(), "");
  answer("process", 200);
  EXPECT_EQ(take(), "log stream");
  EXPECT_EQ(take(), "");
  answer("log stream", 200);
  EXPECT_EQ(take(), "a");
}

// Threads come and go by the ten thousand; each is a stream.
TEST_F(OutboxTest, NewThreadsDoNotStandBeforeALog) {
  start();
  for (int i = 0; i < 1000; ++i) {
    StreamInfo info;
    info.process_id = items_.process;
    info.stream_id = Uuid::random();
    info.kind = StreamKind::kThread;
    outbox_->announce_stream(info, 100, body("thread " + std::to_string(i)));
    BlockItem item = items_.block(StreamKind::kThread, "spans");
    item.stream_id = info.stream_id;
    outbox_->add_block(std::move(item));
  }
  outbox_->add_block(items_.block(StreamKind::kLog, "log"));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  EXPECT_EQ(take(), "log");
}

TEST_F(OutboxTest, KeepsTheNumberOfRequestsUnderWay) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "0"));
  EXPECT_THAT(drain(), ElementsAre("log stream", "0"));
  for (const char* name : {"1", "2", "3", "4"}) {
    outbox_->add_block(items_.block(StreamKind::kLog, name));
  }
  EXPECT_EQ(take(), "1");
  EXPECT_EQ(take(), "2");
  EXPECT_EQ(take(), "3");
  EXPECT_EQ(take(), "");
  answer("2", 200);
  EXPECT_EQ(take(), "4");
}

TEST_F(OutboxTest, SendsTheSameBytesInTheSamePlaceAgain) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "a"));
  outbox_->add_block(items_.block(StreamKind::kLog, "b"));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  EXPECT_EQ(take(), "a");
  lose("a");
  EXPECT_EQ(take(), "") << "the destination waits";
  pass(100ms);
  EXPECT_EQ(take(), "a");
  EXPECT_EQ(take(), "") << "one finds out";
  answer("a", 200);
  EXPECT_EQ(take(), "b");
  answer("b", 200);
  const UploadStats stats = outbox_->stats();
  EXPECT_EQ(stats.blocks_sent, 2U);
  EXPECT_EQ(stats.bytes_sent, 2U);
  EXPECT_EQ(stats.requests, 5U);
  EXPECT_EQ(stats.retries, 1U);
  EXPECT_EQ(stats.last_error, "gone");
}

TEST_F(OutboxTest, SaysWhenToWake) {
  EXPECT_EQ(outbox_->next_wake(), std::nullopt);
  start();
  EXPECT_EQ(outbox_->next_wake(), std::nullopt);
  outbox_->add_block(items_.block(StreamKind::kLog, "a"));
  EXPECT_LE(outbox_->next_wake().value(), now_);
  EXPECT_EQ(take(), "log stream");
  EXPECT_EQ(outbox_->next_wake(), std::nullopt);
  lose("log stream");
  const TimePoint wake = outbox_->next_wake().value();
  EXPECT_GT(wake, now_);
  EXPECT_LE(wake, now_ + 100ms);
  now_ = wake;
  EXPECT_EQ(take(), "log stream");
}

TEST_F(OutboxTest, KeepsMetadataForEver) {
  items_.announce(*outbox_);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(take(), "process") << i;
    if (i % 3 == 0) lose("process");
    if (i % 3 == 1) answer("process", 500);
    if (i % 3 == 2) answer("process", 401);
    pass(10s);
  }
  EXPECT_EQ(take(), "process");
  EXPECT_EQ(outbox_->stats().retries, 1000U);
}

TEST_F(OutboxTest, NeverGivesABlockUpBecauseOfTheNumberOfTries) {
  start();
  outbox_->add_block(items_.block(StreamKind::kThread, "spans", 7));
  EXPECT_EQ(take(), "thread stream");
  answer("thread stream", 200);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(take(), "spans") << i;
    answer("spans", i % 2 == 0 ? 500 : 429);
    pass(10s);
  }
  EXPECT_THAT(drain(), ElementsAre("spans"));
  EXPECT_EQ(of(outbox_->stats(), EventKind::kSpan).delivered, 7U);
}

TEST_F(OutboxTest, SetsABlockAsideThatOnlyItselfFails) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "poison", 5));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  int failures = 0;
  while (dropped(outbox_->stats(), EventKind::kLog, DropReason::kRefused) == 0) {
    ASSERT_LE(failures, 10);
    outbox_->add_block(items_.block(StreamKind::kLog, "good"));
    for (std::string body; !(body = take()).empty();) {
      if (body == "poison") ++failures;
      answer(body, body == "poison" ? 500 : 200);
    }
    pass(10s);
  }
  EXPECT_EQ(failures, 10);
  EXPECT_EQ(dropped(outbox_->stats(), EventKind::kLog, DropReason::kRefused), 5U);
}

TEST_F(OutboxTest, ABlockThatFailsDoesNotStopTheOthers) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "poison"));
  outbox_->add_block(items_.block(StreamKind::kLog, "good 1"));
  outbox_->add_block(items_.block(StreamKind::kLog, "good 2"));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  for (int i = 0; i < 20; ++i) {  // long enough for its wait to be longer than the destination's
    const std::string body = take();
    if (body == "poison") answer("poison", 500);
    if (body == "good 1" || body == "good 2") answer(body, 200);
    pass(100ms);
  }
  EXPECT_EQ(outbox_->stats().blocks_sent, 2U);
}

// A block too large for a slow line ends in a timeout each time.
TEST_F(OutboxTest, ABlockThatNeverGetsThroughDoesNotStopTheOthers) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "huge"));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  for (int i = 0; i < 100; ++i) {
    outbox_->add_block(items_.block(StreamKind::kThread, "spans"));
    for (std::string body; !(body = take()).empty();) {
      if (body == "huge") {
        lose("huge", http::Outcome::Kind::kTimeout);
      } else {
        answer(body, 200);
      }
    }
    pass(5s);
  }
  EXPECT_GE(outbox_->stats().blocks_sent, 90U);
  EXPECT_EQ(of(outbox_->stats(), EventKind::kLog).held, 1U) << "and nobody gave it up";
}

TEST_F(OutboxTest, DoesNotCryOutageBecauseOfOneBlock) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "poison"));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  lines.clear();
  for (int i = 0; i < 5; ++i) {
    outbox_->add_block(items_.block(StreamKind::kLog, "good"));
    for (std::string body; !(body = take()).empty();) answer(body, body == "poison" ? 500 : 200);
    pass(10s);
  }
  EXPECT_THAT(lines, ElementsAre());
}

// Each failure pauses the destination: what has not failed yet finds out whether it is back.
TEST_F(OutboxTest, ABlockThatFailsIsNotTheFirstToBeTriedAgain) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "poison"));
  outbox_->add_block(items_.block(StreamKind::kLog, "good"));
  outbox_->add_block(items_.block(StreamKind::kMetrics, "metrics"));
  for (const char* name : {"log stream", "metrics stream"}) {
    EXPECT_EQ(take(), name);
    answer(name, 200);
  }
  EXPECT_EQ(take(), "poison");
  answer("poison", 500);
  pass(10s);
  EXPECT_EQ(take(), "good");
  lose("good");
  pass(10s);
  EXPECT_EQ(take(), "good");
  answer("good", 200);
  EXPECT_EQ(take(), "poison");
  answer("poison", 500);
  pass(10s);
  EXPECT_EQ(take(), "metrics");
}

TEST_F(OutboxTest, PausesAtAWrongKeyOrUrlAndLosesNothing) {
  for (const unsigned status : {401U, 404U}) {
    SCOPED_TRACE(status);
    lines.clear();
    use(options());
    start();
    outbox_->add_block(items_.block(StreamKind::kLog, "a"));
    EXPECT_EQ(take(), "log stream");
    for (int i = 0; i < 100; ++i) {
      answer("log stream", status);
      EXPECT_EQ(take(), "");
      pass(5s);
      EXPECT_EQ(take(), "log stream");
      EXPECT_EQ(take(), "");
    }
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find(std::to_string(status)), std::string::npos) << lines[0];
    answer("log stream", 200);
    EXPECT_THAT(drain(), ElementsAre("a"));
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1], "delivering to http://server again");
  }
}

TEST_F(OutboxTest, HonoursRetryAfter) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "a"));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 429, 30s);
  pass(29'999ms);
  EXPECT_EQ(take(), "");
  pass(1ms);
  EXPECT_EQ(take(), "log stream");
}

TEST_F(OutboxTest, ARefusedBlockIsSetAside) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "a", 3));
  outbox_->add_block(items_.block(StreamKind::kLog, "b", 4));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  EXPECT_EQ(take(), "a");
  answer("a", 400);
  EXPECT_EQ(take(), "b");
  answer("b", 302);
  EXPECT_EQ(dropped(outbox_->stats(), EventKind::kLog, DropReason::kRefused), 7U);
  EXPECT_TRUE(outbox_->empty());
}

TEST_F(OutboxTest, ARefusedStreamTakesItsBlocksAlong) {
  start();
  outbox_->add_block(items_.block(StreamKind::kMetrics, "a", 3));
  outbox_->add_block(items_.block(StreamKind::kMetrics, "b", 4));
  outbox_->add_block(items_.block(StreamKind::kLog, "log"));
  EXPECT_EQ(take(), "metrics stream");
  answer("metrics stream", 403);
  EXPECT_EQ(dropped(outbox_->stats(), EventKind::kFloatMetric, DropReason::kRefused), 7U);
  outbox_->add_block(items_.block(StreamKind::kMetrics, "c", 5));
  EXPECT_EQ(dropped(outbox_->stats(), EventKind::kFloatMetric, DropReason::kRefused), 12U);
  EXPECT_THAT(drain(), ElementsAre("log stream", "log"));
}

TEST_F(OutboxTest, ARefusedProcessTakesEverythingAlong) {
  items_.announce(*outbox_);
  outbox_->add_block(items_.block(StreamKind::kLog, "a", 3));
  BlockItem unannounced = items_.block(StreamKind::kThread, "b", 4);
  unannounced.stream_id = Uuid::random();
  outbox_->add_block(std::move(unannounced));
  EXPECT_EQ(take(), "process");
  answer("process", 400);
  EXPECT_EQ(take(), "");
  outbox_->add_block(items_.block(StreamKind::kThread, "c", 5));
  const UploadStats stats = outbox_->stats();
  EXPECT_EQ(dropped(stats, EventKind::kLog, DropReason::kRefused), 3U);
  EXPECT_EQ(dropped(stats, EventKind::kSpan, DropReason::kRefused), 9U);
  EXPECT_TRUE(outbox_->empty());
  expect_balance(stats);
}

// A part tells nothing of the server until it has been answered.
TEST_F(OutboxTest, ABlockThatIsCutBeforeItIsSentIsNeitherARequestNorASuccess) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "whole", 2));
  ASSERT_EQ(take(), "log stream");
  answer("log stream", 200);
  ASSERT_EQ(take(), "whole");
  lose("whole");
  pass(10s);
  ASSERT_EQ(take(), "whole");
  const auto part = [](const char* body) {
    return Part{Uuid::random(), {1}, std::make_shared<const std::string>(body)};
  };
  ASSERT_TRUE(outbox_->replace(tickets_["whole"], {part("half"), part("other")},
                               Outbox::Cut::kUnsent, now_));
  EXPECT_EQ(take(), "half");
  EXPECT_EQ(take(), "") << "one at a time finds out whether the server is back";
  EXPECT_EQ(outbox_->stats().requests, 4U);
  EXPECT_EQ(outbox_->stats().retries, 0U);
  answer("half", 200);
  EXPECT_EQ(take(), "other");
  answer("other", 200);
  expect_balance(outbox_->stats());
}

// Who waits for room is to find it.
TEST_F(OutboxTest, KindsThatWaitMayFillTheHardBudgetAndTheOthersLeaveThemRoom) {
  OutboxOptions o = options();
  o.soft_bytes = 5'000;
  o.hard_bytes = 20'000;
  o.waiting[static_cast<std::size_t>(StreamKind::kThread)] = true;
  o.open_bytes = 10'000;
  use(o);
  start();
  const auto add = [this](StreamKind kind) {
    return outbox_->add_block(items_.block(kind, "x", 1, 1'000));
  };
  int logs = 0;
  while (add(StreamKind::kLog)) ++logs;
  EXPECT_FALSE(add(StreamKind::kMetrics));
  EXPECT_LE(outbox_->bytes_held(), 10'000U);
  EXPECT_GT(outbox_->bytes_held(), 8'000U);
  int spans = 0;
  while (add(StreamKind::kThread)) ++spans;
  EXPECT_LE(outbox_->bytes_held(), 20'000U);
  EXPECT_GE(spans, logs - 1);
}

// It is an answer: the server is back, and the next outage is said again.
TEST_F(OutboxTest, ABlockThatIsCutAfterItsAnswerEndsAnOutage) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "whole", 2));
  ASSERT_EQ(take(), "log stream");
  answer("log stream", 200);
  ASSERT_EQ(take(), "whole");
  lose("whole");
  EXPECT_EQ(lines.size(), 1U);
  pass(10s);
  ASSERT_EQ(take(), "whole");
  const auto part = [](const char* body) {
    return Part{Uuid::random(), {1}, std::make_shared<const std::string>(body)};
  };
  ASSERT_TRUE(outbox_->replace(tickets_["whole"], {part("half"), part("other")},
                               Outbox::Cut::kRefused, now_));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines.back(), "delivering to http://server again");
  ASSERT_EQ(take(), "half");
  lose("half");
  EXPECT_EQ(lines.size(), 3U);
}

}  // namespace
}  // namespace micromegas::upload
