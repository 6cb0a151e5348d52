// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is kept, dropped and counted, and the end.

#include <string>

#include "micromegas/tests/upload/outbox_fixture.h"

namespace micromegas::upload {
namespace {

using ::testing::ElementsAre;

// Streams whose blocks are dropped before any was kept.
class DroppedStreamTest : public OutboxTest {
 protected:
  // The server is away, and there is no room for spans.
  void fill() {
    OutboxOptions small = options();
    small.soft_bytes = 64'000;
    use(small);
    items_.announce(*outbox_);
    while (dropped(outbox_->stats(), EventKind::kSpan, DropReason::kUploadBudget) == 0) {
      outbox_->add_block(items_.block(StreamKind::kThread, "early"));
    }
  }
};

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

// As upstream's: first to be dropped, last to be sent.
TEST_F(OutboxTest, ImagesAreShedAndSentAsSpansAre) {
  OutboxOptions small = options();
  small.soft_bytes = 100'000;
  small.hard_bytes = 200'000;
  use(small);
  items_.announce(*outbox_);
  items_.announce_stream(*outbox_, StreamKind::kImage);
  EXPECT_FALSE(outbox_->add_block(items_.block(StreamKind::kImage, "large", 1, 150'000)));
  EXPECT_EQ(dropped(outbox_->stats(), EventKind::kImage, DropReason::kUploadBudget), 1U);
  outbox_->add_block(items_.block(StreamKind::kImage, "image"));
  outbox_->add_block(items_.block(StreamKind::kMetrics, "metrics"));
  EXPECT_THAT(drain(),
              ElementsAre("process", "metrics stream", "metrics", "image stream", "image"));
  EXPECT_EQ(of(outbox_->stats(), EventKind::kImage).delivered, 1U);
  expect_balance(outbox_->stats());
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
  EXPECT_LT(stats.bytes_held, 2'000U) << "streams without a block";
  EXPECT_EQ(of(stats, EventKind::kSpan).delivered, 9U);
}

TEST_F(OutboxTest, CountsTheBodyInsteadOfTheBlockOnceItIsEncoded) {
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, std::string(10, 'x'), 1, 50'000));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 200);
  EXPECT_GT(outbox_->stats().bytes_held, 50'000U);
  take();
  EXPECT_LT(outbox_->stats().bytes_held, 2'000U);
  EXPECT_GT(outbox_->stats().bytes_held, 10U);
}

TEST_F(OutboxTest, EncodesWhatCannotBeSentOnceTheQueueHasSomeLength) {
  OutboxOptions small = options();
  small.soft_bytes = 800'000;
  use(small);
  items_.announce(*outbox_);  // and the server is away
  for (int i = 0; i < 9; ++i) {
    outbox_->add_block(items_.block(StreamKind::kLog, std::to_string(i), 1, 10'000));
  }
  EXPECT_FALSE(outbox_->take_to_encode()) << "hardly anything is there";
  outbox_->add_block(items_.block(StreamKind::kLog, "9", 1, 10'000));
  const auto job = outbox_->take_to_encode();
  ASSERT_TRUE(job);
  outbox_->encoded(job->ticket, std::make_shared<const std::string>(*job->encode()));
  EXPECT_LT(outbox_->stats().bytes_held, 100'000U);
  EXPECT_EQ(drain().size(), 12U);
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
  const auto delivered = [&] { return all_delivered_since(outbox_->told_drops()); };
  EXPECT_TRUE(delivered());
  start();
  outbox_->add_block(items_.block(StreamKind::kLog, "a"));
  EXPECT_FALSE(delivered());
  drain();
  EXPECT_TRUE(delivered());
  outbox_->add_block(items_.block(StreamKind::kLog, "b"));
  EXPECT_EQ(take(), "b");
  answer("b", 400);
  EXPECT_FALSE(delivered()) << "dropped is not delivered";
  EXPECT_TRUE(delivered()) << "and said once";
}

TEST_F(OutboxTest, EveryoneWhoWaitsIsToldOfADrop) {
  start();
  const std::uint64_t first = outbox_->told_drops();
  const std::uint64_t second = outbox_->told_drops();
  outbox_->add_block(items_.block(StreamKind::kLog, "a"));
  EXPECT_EQ(take(), "log stream");
  answer("log stream", 400);
  EXPECT_FALSE(all_delivered_since(first));
  EXPECT_FALSE(all_delivered_since(second)) << "it was waiting too";
  EXPECT_TRUE(all_delivered_since(outbox_->told_drops())) << "this one came later";
}

// Ten thousand threads that have come and gone leave nothing behind.
TEST_F(OutboxTest, ForgetsStreamsThatAreDone) {
  start();
  const std::uint64_t before = outbox_->stats().bytes_held;
  for (int i = 0; i < 10'000; ++i) {
    start_thread();
    outbox_->add_block(items_.block(StreamKind::kThread, "spans"));
    drain();
  }
  EXPECT_EQ(outbox_->stats().bytes_held, before);
  EXPECT_EQ(of(outbox_->stats(), EventKind::kSpan).delivered, 10'000U);
}

TEST_F(DroppedStreamTest, AThreadThatEndsLeavesNothing) {
  fill();
  const std::uint64_t before = outbox_->stats().bytes_held;
  for (int i = 0; i < 10'000; ++i) {
    start_thread();
    outbox_->add_block(items_.block(StreamKind::kThread, "lost"));
    EXPECT_GT(outbox_->stats().bytes_held, before) << "what is kept of a live one is counted";
    outbox_->end_stream(items_.streams[2]);
    ASSERT_EQ(outbox_->stats().bytes_held, before);
  }
  EXPECT_EQ(dropped(outbox_->stats(), EventKind::kSpan, DropReason::kUploadBudget), 10'001U);
}

TEST_F(DroppedStreamTest, AThreadThatGoesOnIsAnnouncedWithALaterBlock) {
  fill();
  start_thread();
  outbox_->add_block(items_.block(StreamKind::kThread, "lost"));
  drain();
  outbox_->add_block(items_.block(StreamKind::kThread, "spans"));
  EXPECT_THAT(drain(), ElementsAre("thread stream", "spans"));
}

// As many as can be: none takes the room of which it waits that it becomes free.
TEST_F(DroppedStreamTest, LiveThreadsDoNotKeepEachOtherOut) {
  fill();
  for (int i = 0; i < 1'000; ++i) {
    start_thread();
    outbox_->add_block(items_.block(StreamKind::kThread, "lost"));
  }
  EXPECT_GT(outbox_->stats().bytes_held, 2 * 64'000U);
  drain();
  outbox_->add_block(items_.block(StreamKind::kThread, "spans"));
  EXPECT_THAT(drain(), ElementsAre("thread stream", "spans"));
}

TEST_F(DroppedStreamTest, ARefusedProcessHasNoStreams) {
  items_.announce(*outbox_);
  EXPECT_EQ(take(), "process");
  answer("process", 400);
  EXPECT_EQ(outbox_->stats().bytes_held, 0U);
  for (int i = 0; i < 1'000; ++i) {
    start_thread();
    outbox_->add_block(items_.block(StreamKind::kThread, "lost"));
  }
  EXPECT_EQ(outbox_->stats().bytes_held, 0U);
  EXPECT_EQ(dropped(outbox_->stats(), EventKind::kSpan, DropReason::kRefused), 1'000U);
}

TEST_F(DroppedStreamTest, ARefusedStreamIsRememberedUntilItEnds) {
  start();
  outbox_->add_block(items_.block(StreamKind::kThread, "a"));
  EXPECT_EQ(take(), "thread stream");
  outbox_->end_stream(items_.streams[2]);
  EXPECT_EQ(of(outbox_->stats(), EventKind::kSpan).held, 1U) << "it waits for the stream";
  answer("thread stream", 403);
  // Nobody uses the id again; that it could be shows that it is forgotten.
  for (const bool forgotten : {true, false}) {
    items_.announce_stream(*outbox_, StreamKind::kThread);
    outbox_->add_block(items_.block(StreamKind::kThread, "b"));
    EXPECT_EQ(take(), forgotten ? "thread stream" : "");
    if (forgotten) answer("thread stream", 403);
  }
  outbox_->end_stream(items_.streams[2]);
  items_.announce_stream(*outbox_, StreamKind::kThread);
  outbox_->add_block(items_.block(StreamKind::kThread, "c"));
  EXPECT_EQ(take(), "thread stream");
}

}  // namespace
}  // namespace micromegas::upload
