// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The rules of what is sent, kept and dropped; time is an argument here.

#include "micromegas/transport/upload/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "micromegas/tests/upload/items.h"

namespace micromegas::upload {
namespace {

using namespace std::chrono_literals;
using http::Outcome;
using ::testing::ElementsAre;

std::vector<std::string> lines;

class OutboxTest : public ::testing::Test {
 protected:
  static OutboxOptions options() {
    OutboxOptions options;
    options.destination = "http://server";
    options.backoff = {100ms, 5000ms};
    options.max_in_flight = 3;
    options.say = [](std::string_view, std::string_view line) noexcept { lines.emplace_back(line); };
    return options;
  }

  void use(OutboxOptions options) { outbox_ = std::make_unique<Outbox>(std::move(options)); }

  // The next request as the uploader would make it; "" if there is none now.
  std::string take() {
    auto job = outbox_->take(now_);
    if (!job) return "";
    if (!job->body) {
      job->body = std::make_shared<const std::string>(*job->encode());
      outbox_->encoded(job->ticket, job->body);
    }
    tickets_[*job->body] = job->ticket;
    return *job->body;
  }
  void answer(const std::string& body, unsigned status,
              std::optional<std::chrono::seconds> retry_after = std::nullopt) {
    outbox_->complete(tickets_.at(body), {Outcome::Kind::kAnswered, status, retry_after, ""}, now_);
    expect_balance(outbox_->stats());
  }
  void lose(const std::string& body) {
    outbox_->complete(tickets_.at(body), {Outcome::Kind::kBroken, 0, std::nullopt, "gone"}, now_);
    expect_balance(outbox_->stats());
  }
  // Takes and accepts until there is nothing more; returns what went.
  std::vector<std::string> drain() {
    std::vector<std::string> sent;
    for (std::string body; !(body = take()).empty();) {
      sent.push_back(body);
      answer(body, 200);
    }
    return sent;
  }
  void start() {
    items_.announce(*outbox_);
    EXPECT_THAT(drain(), ElementsAre("process"));
  }
  void pass(std::chrono::milliseconds time) { now_ += time; }

  Items items_;
  TimePoint now_{std::chrono::hours(1)};
  std::unique_ptr<Outbox> outbox_ = std::make_unique<Outbox>(options());
  std::map<std::string, std::uint64_t> tickets_;
};

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

TEST_F(OutboxTest, ABlockThatCannotBeEncodedIsCounted) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "a", 3));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  const auto job = outbox_->take(now_);
  outbox_->unencodable(job->ticket, "too large");
  EXPECT_EQ(dropped(outbox_->stats(), EventKind::kLog, DropReason::kInvalid), 3U);
  expect_balance(outbox_->stats());
  EXPECT_TRUE(outbox_->empty());
}

TEST_F(OutboxTest, ShedsSpansAtTheSoftBudgetAndTheRestAtTheHardOne) {
  OutboxOptions small = options();
  small.soft_bytes = 100'000;
  small.hard_bytes = 200'000;
  use(small);
  items_.announce(*outbox_);  // and the server is away
  const auto fill = [&](StreamKind kind) {
    const auto kept = [&] { return of(outbox_->stats(), Items::event_kind(kind)).held; };
    for (std::uint64_t before = kept();; ++before) {
      outbox_->add_block(items_.block(kind, "x", 1, 10'000));
      if (kept() == before) return;
    }
  };
  fill(StreamKind::kThread);
  EXPECT_LE(outbox_->stats().bytes_held, small.soft_bytes);
  EXPECT_GT(outbox_->stats().bytes_held, small.soft_bytes - 12'000);
  fill(StreamKind::kLog);
  EXPECT_LE(outbox_->stats().bytes_held, small.hard_bytes);
  EXPECT_GT(outbox_->stats().bytes_held, small.hard_bytes - 12'000);
  fill(StreamKind::kMetrics);

  UploadStats stats = outbox_->stats();
  EXPECT_EQ(of(stats, EventKind::kSpan).held, 9U);
  EXPECT_EQ(of(stats, EventKind::kLog).held, 10U);
  EXPECT_EQ(of(stats, EventKind::kFloatMetric).held, 0U);
  for (const EventKind kind : {EventKind::kSpan, EventKind::kLog, EventKind::kFloatMetric}) {
    EXPECT_EQ(dropped(stats, kind, DropReason::kUploadBudget), 1U);
  }
  expect_balance(stats);

  Items other;  // metadata has always room
  other.announce(*outbox_);
  const auto sent = drain();
  EXPECT_EQ(std::count(sent.begin(), sent.end(), "process"), 2);
  stats = outbox_->stats();
  EXPECT_EQ(stats.bytes_held, 0U);
  EXPECT_EQ(of(stats, EventKind::kSpan).delivered, 9U);
}

TEST_F(OutboxTest, CountsTheBodyInsteadOfTheBlockOnceItIsEncoded) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, std::string(10, 'x'), 1, 50'000));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  EXPECT_GT(outbox_->stats().bytes_held, 50'000U);
  take();
  EXPECT_LT(outbox_->stats().bytes_held, 1'000U);
  EXPECT_GT(outbox_->stats().bytes_held, 10U);
}

TEST_F(OutboxTest, RefusesBlocksOnceItIsClosed) {
  start();
  outbox_->close();
  EXPECT_FALSE(outbox_->add_block(items_.block(StreamKind::kLog, "a", 3)));
  EXPECT_EQ(dropped(outbox_->stats(), EventKind::kLog, DropReason::kStopped), 3U);
  expect_balance(outbox_->stats());
}

TEST_F(OutboxTest, ClosingWakesWhatWaits) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "a"));
  outbox_->add_block(items_.block(StreamKind::kLog, "b"));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  EXPECT_EQ(take(), "a");
  EXPECT_EQ(take(), "b");
  answer("a", 500);
  answer("b", 429, 300s);
  EXPECT_EQ(take(), "");
  outbox_->close();
  EXPECT_THAT(drain(), ElementsAre("b", "a"));
}

TEST_F(OutboxTest, ExpiringDropsAndSaysWhatIsLeft) {
  start();
  lines.clear();
  outbox_->add_block(items_.block(StreamKind::kLog, "a", 3));
  outbox_->add_block(items_.block(StreamKind::kThread, "b", 4));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  EXPECT_EQ(take(), "a");
  outbox_->close();
  outbox_->expire();
  const UploadStats stats = outbox_->stats();
  EXPECT_EQ(dropped(stats, EventKind::kLog, DropReason::kDeadline), 3U);
  EXPECT_EQ(dropped(stats, EventKind::kSpan, DropReason::kDeadline), 4U);
  EXPECT_EQ(stats.bytes_held, 0U);
  expect_balance(stats);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("3 log, 4 span"), std::string::npos) << lines[0];
  answer("a", 200);  // too late: in the books once, as lost
  EXPECT_EQ(of(outbox_->stats(), EventKind::kLog).delivered, 0U);
  EXPECT_EQ(take(), "");
}

TEST_F(OutboxTest, WaitingForDeliveryEndsWithTheAnswer) {
  const auto soon = [] { return std::chrono::steady_clock::now() + 1ms; };
  EXPECT_TRUE(outbox_->wait_delivered(soon()));
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "a"));
  EXPECT_FALSE(outbox_->wait_delivered(soon()));
  drain();
  EXPECT_TRUE(outbox_->wait_delivered(soon()));
  outbox_->add_block(items_.block(StreamKind::kLog, "b"));
  EXPECT_EQ(take(), "b");
  answer("b", 400);
  EXPECT_FALSE(outbox_->wait_delivered(soon())) << "dropped is not delivered";
  EXPECT_TRUE(outbox_->wait_delivered(soon())) << "and said once";
}

// Ten thousand threads that have come and gone leave nothing behind.
TEST_F(OutboxTest, ForgetsStreamsThatAreDone) {
  start();
  for (int i = 0; i < 10'000; ++i) {
    items_.streams[2] = Uuid::random();
    items_.announce_stream(*outbox_, StreamKind::kThread);
    outbox_->add_block(items_.block(StreamKind::kThread, "spans"));
    drain();
  }
  EXPECT_EQ(outbox_->stats().bytes_held, 0U);
  EXPECT_EQ(of(outbox_->stats(), EventKind::kSpan).delivered, 10'000U);
}

}  // namespace
}  // namespace micromegas::upload
