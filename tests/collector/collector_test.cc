// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/tests/collector/captures.h"
#include "micromegas/tests/collector/raw_client.h"
#include "micromegas/tests/collector/temp_folder.h"
#include "micromegas/transport/collector/folder.h"
#include "micromegas/transport/wire/decode.h"

namespace micromegas::collector {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Capture;
using testing::captures;
using testing::exchange;
using testing::get_text;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kCapturedBlocks;
using testing::kCapturedEvents;
using testing::kCapturedStreams;
using testing::path_of;
using testing::post_text;
using testing::RawAnswer;
using testing::RawClient;
using ::testing::StartsWith;

class CollectorTest : public ::testing::Test {
 protected:
  void start(CollectorOptions options = {}) {
    auto collector = Collector::start(std::move(options));
    ASSERT_TRUE(collector) << collector.error().message();
    collector_ = std::move(*collector);
  }
  std::uint16_t port() const { return collector_->port(); }

  RawAnswer post(const Capture& capture) {
    return exchange(port(), post_text(path_of(capture.kind), capture.body));
  }
  RawAnswer post(BodyKind kind, const std::string& body) { return post(Capture{kind, body}); }
  void post_all(const std::vector<Capture>& bodies) {
    for (const Capture& capture : bodies) EXPECT_EQ(post(capture).status, 200);
  }

  // All of the captured requests arrived and were counted.
  void expect_all_captured() {
    const CollectorStats stats = collector_->stats();
    EXPECT_EQ(stats.processes, 1U);
    EXPECT_EQ(stats.streams, kCapturedStreams);
    EXPECT_EQ(stats.blocks, kCapturedBlocks);
    EXPECT_EQ(stats.events, kCapturedEvents) << "total " << stats.events.total();
    EXPECT_EQ(stats.pending_blocks, 0U);
    EXPECT_EQ(stats.pending_bytes, 0U);
    EXPECT_EQ(stats.undecodable_blocks, 0U);
    EXPECT_EQ(stats.miscounted_blocks, 0U);
  }

  std::unique_ptr<Collector> collector_;
};

TEST_F(CollectorTest, CountsWhatTheOfficialClientSends) {
  start();
  EXPECT_EQ(collector_->url(), "http://127.0.0.1:" + std::to_string(port()));
  RawClient client(port());  // as clients do: one connection, a path without a final slash
  std::uint64_t bytes = 0;
  for (const Capture& capture : captures()) {
    ASSERT_TRUE(client.send(post_text(path_of(capture.kind), capture.body)));
    const RawAnswer answer = client.read_answer();
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body, "");
    bytes += capture.body.size();
  }
  expect_all_captured();
  const CollectorStats stats = collector_->stats();
  EXPECT_EQ(stats.body_bytes, bytes);
  EXPECT_LT(stats.block_bytes, stats.body_bytes);
  EXPECT_TRUE(stats.refused.empty());
}

TEST_F(CollectorTest, PairsSpansOfTheOfficialClient) {
  start();
  post_all(captures());
  collector_->stop();
  const CollectorStats stats = collector_->stats();
  EXPECT_EQ(stats.finished_spans, 27U + 17U);
  EXPECT_EQ(stats.orphan_span_ends + stats.unclosed_spans + stats.span_gaps, 0U);
  ASSERT_FALSE(stats.slowest_spans.empty());
  EXPECT_GE(stats.slowest_spans.front().duration_ns, stats.slowest_spans.back().duration_ns);
  EXPECT_GT(stats.slowest_spans.front().duration_ns, 0);
  std::uint64_t summed = 0;
  for (const SpanSummary& row : collector_->span_summaries()) summed += row.count;
  EXPECT_EQ(summed, stats.finished_spans);
}

TEST_F(CollectorTest, HoldsBlocksUntilTheirStreamAndProcessAreHere) {
  start();
  const auto blocks = captures(BodyKind::kBlock);
  post_all(blocks);
  CollectorStats stats = collector_->stats();
  EXPECT_EQ(stats.pending_blocks, kCapturedBlocks);
  EXPECT_EQ(stats.blocks, 0U);
  EXPECT_EQ(stats.events.total(), 0U);
  post_all(captures(BodyKind::kStream));
  EXPECT_EQ(collector_->stats().pending_blocks, kCapturedBlocks);
  post_all(captures(BodyKind::kProcess));
  expect_all_captured();
  post_all(blocks);
  EXPECT_EQ(collector_->stats().duplicate_blocks, kCapturedBlocks);
  expect_all_captured();
}

TEST_F(CollectorTest, OrderIsFree) {
  auto bodies = captures();
  for (int turn = 0; turn < 3; ++turn) {
    start();
    std::rotate(bodies.begin(), bodies.begin() + 5, bodies.end());
    post_all(bodies);
    expect_all_captured();
    std::reverse(bodies.begin(), bodies.end());
  }
}

TEST_F(CollectorTest, TellsAfterStopWhatNeverResolved) {
  start();
  post_all(captures(BodyKind::kProcess));
  post_all(captures(BodyKind::kBlock));
  collector_->stop();
  EXPECT_EQ(collector_->stats().pending_blocks, kCapturedBlocks);
  EXPECT_GT(collector_->stats().pending_bytes, 0U);
}

TEST_F(CollectorTest, CountsDuplicatesOnce) {
  start();
  post_all(captures());
  post_all(captures());
  expect_all_captured();
  const CollectorStats stats = collector_->stats();
  EXPECT_EQ(stats.duplicate_processes, 1U);
  EXPECT_EQ(stats.duplicate_streams, kCapturedStreams);
  EXPECT_EQ(stats.duplicate_blocks, kCapturedBlocks);
}

TEST_F(CollectorTest, KnowsTheIdsOfBlocks) {
  start();
  const Capture block = captures(BodyKind::kBlock).front();
  const auto decoded = wire::decode_block(block.body);
  ASSERT_TRUE(decoded);
  EXPECT_FALSE(collector_->has_block(decoded->block_id));
  post(block);
  EXPECT_TRUE(collector_->has_block(decoded->block_id));
}

TEST_F(CollectorTest, AnswersACutBodyWith400AndAReasonAndLivesOn) {
  start();
  post_all(captures(BodyKind::kProcess));
  post_all(captures(BodyKind::kStream));
  std::uint64_t blocks = 0;
  std::uint64_t refused = 0;
  for (const Capture& capture : captures()) {
    // Every cut of the small ones, some of the large ones.
    const std::size_t step = std::max<std::size_t>(1, capture.body.size() / 97);
    RawClient client(port());
    for (std::size_t size = 0; size < capture.body.size(); size += step) {
      client.send(post_text(path_of(capture.kind), capture.body.substr(0, size)));
      const RawAnswer answer = client.read_answer();
      ASSERT_EQ(answer.status, 400) << size;
      EXPECT_THAT(answer.body, StartsWith("Bad request: "));
      EXPECT_GT(answer.body.size(), std::string("Bad request: \n").size());
      ++refused;
      if (capture.kind == BodyKind::kBlock) ++blocks;
    }
  }
  EXPECT_EQ(collector_->stats().undecodable_blocks, blocks);
  EXPECT_EQ(collector_->stats().refused.at(400), refused);
  EXPECT_LE(collector_->stats().undecodable_reasons.size(), CollectorStats::kMaxReasons);
  for (const Capture& capture : captures(BodyKind::kBlock)) post(capture);
  EXPECT_EQ(collector_->stats().events, kCapturedEvents);
}

TEST_F(CollectorTest, AnswersGarbageWith400AndLivesOn) {
  start();
  const Capture real = captures(BodyKind::kBlock).front();
  std::uint32_t state = 7;
  for (const BodyKind kind : {BodyKind::kProcess, BodyKind::kStream, BodyKind::kBlock}) {
    RawClient client(port());
    for (int i = 0; i < 300; ++i) {
      std::string body;
      for (int k = 0; k < i; ++k) {
        state = state * 1664525 + 1013904223;
        body.push_back(static_cast<char>(state >> 24));
      }
      client.send(post_text(path_of(kind), body));
      EXPECT_EQ(client.read_answer().status, 400);
    }
  }
  EXPECT_EQ(post(BodyKind::kProcess, real.body).status, 400);  // sound, but of another kind
  post_all(captures());
  EXPECT_EQ(collector_->stats().events, kCapturedEvents);
}

// What the official server would take and never show.
TEST_F(CollectorTest, RefusesABlockWhosePayloadCannotBeRead) {
  start();
  const auto streams = captures(BodyKind::kStream);
  post_all(captures(BodyKind::kProcess));
  post_all(streams);
  std::uint64_t refused = 0;
  for (const Capture& capture : captures(BodyKind::kBlock)) {
    for (std::size_t at = 0; at < capture.body.size(); at += 3) {
      std::string body = capture.body;
      body[at] = static_cast<char>(body[at] ^ 0x55);
      const RawAnswer answer = post(BodyKind::kBlock, body);
      ASSERT_TRUE(answer.status == 200 || answer.status == 400) << answer.status;
      if (answer.status == 400) ++refused;
    }
  }
  EXPECT_GT(refused, 0U);
  EXPECT_EQ(collector_->stats().undecodable_blocks, refused);
  EXPECT_EQ(exchange(port(), get_text("/health")).status, 200);
}

TEST_F(CollectorTest, AnswersWrongPathsAndMethods) {
  start();
  for (const char* path : {"/ingestion/insert_block/", "/ingestion//insert_block", "/insert_block",
                           "/ingestion/insert_thing", "/", "/ingestion/insert_", "*"}) {
    EXPECT_EQ(exchange(port(), post_text(path, "")).status, 404) << path;
  }
  const RawAnswer got = exchange(port(), get_text("/ingestion/insert_block"));
  EXPECT_EQ(got.status, 405);
  EXPECT_THAT(got.head, HasSubstr("Allow: POST"));
  EXPECT_EQ(exchange(port(), post_text("/health", "")).status, 405);
  for (const char* path : {"/health", "/ready", "/health?verbose=1"}) {
    const RawAnswer answer = exchange(port(), get_text(path));
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_EQ(answer.body, "");
  }
}

TEST_F(CollectorTest, AsksForTheApiKeyExactly) {
  start({.api_key = "mmk_secret"});
  const Capture process = captures(BodyKind::kProcess).front();
  const std::string path = path_of(process.kind);
  for (const char* header :
       {"", "Authorization: Bearer wrong\r\n", "Authorization: bearer mmk_secret\r\n",
        "Authorization: Bearer mmk_secre\r\n", "Authorization: Bearer mmk_secrets\r\n",
        "Authorization: mmk_secret\r\n", "Authorization: Bearer  mmk_secret\r\n"}) {
    const RawAnswer answer = exchange(port(), post_text(path, process.body, header));
    EXPECT_EQ(answer.status, 401) << header;
    EXPECT_EQ(answer.body.find("mmk_"), std::string::npos);
  }
  EXPECT_EQ(collector_->stats().processes, 0U);
  EXPECT_EQ(exchange(port(), post_text(path, process.body, "Authorization: Bearer mmk_secret\r\n"))
                .status,
            200);
  EXPECT_EQ(exchange(port(), get_text("/health")).status, 200);
}

TEST_F(CollectorTest, BoundsBlocksThatWaitForTheirStream) {
  start({.max_pending_blocks = 4});
  const auto blocks = captures(BodyKind::kBlock);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(post(blocks[i]).status, i < 4 ? 200 : 503);
  }
  post_all(captures(BodyKind::kStream));
  post_all(captures(BodyKind::kProcess));
  EXPECT_EQ(collector_->stats().blocks, 4U);
  post_all(blocks);  // a refused one may come again
  expect_all_captured();

  start({.max_pending_bytes = 1'000});
  EXPECT_EQ(post(blocks.front()).status, 200);  // 664 bytes
  EXPECT_EQ(post(blocks.back()).status, 503);   // 2949 bytes
}

TEST_F(CollectorTest, ForgetsTheStreamThatWasLongestUnused) {
  start({.max_streams = 2});
  post_all(captures(BodyKind::kProcess));
  post_all(captures(BodyKind::kStream));
  EXPECT_EQ(collector_->stats().forgotten, kCapturedStreams - 2);
  post_all(captures(BodyKind::kBlock));  // most of them wait now
  EXPECT_EQ(collector_->stats().blocks + collector_->stats().pending_blocks, kCapturedBlocks);
  EXPECT_GT(collector_->stats().pending_blocks, 0U);
}

TEST_F(CollectorTest, BoundsTheBytesOfMetadata) {
  start({.max_metadata_bytes = 100'000});
  const Capture stream = captures(BodyKind::kStream).front();
  const std::size_t id_at = stream.body.find("stream_id") + 11;
  RawClient client(port());
  for (int i = 0; i < 5'000; ++i) {
    std::string body = stream.body;
    body.replace(id_at, 36, Uuid::random().to_string());
    client.send(post_text(path_of(stream.kind), body));
    ASSERT_EQ(client.read_answer().status, 200);
  }
  const CollectorStats stats = collector_->stats();
  EXPECT_EQ(stats.streams, 5'000U);
  EXPECT_GT(stats.forgotten, 4'000U);
  EXPECT_LT(stats.forgotten, 4'900U);  // their layout is the same and kept once
}

TEST_F(CollectorTest, WritesEveryBodyAsItCame) {
  const testing::TempFolder temp;
  start({.save_folder = temp.path()});
  const auto bodies = captures();
  post_all(bodies);
  EXPECT_EQ(post(BodyKind::kBlock, "not CBOR").status, 400);
  collector_->stop();
  const auto entries = list_folder(temp.path());
  ASSERT_TRUE(entries) << entries.error().message();
  ASSERT_EQ(entries->size(), bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    EXPECT_EQ((*entries)[i].number, i);
    EXPECT_EQ((*entries)[i].kind, bodies[i].kind);
    EXPECT_EQ(*read_file(temp.path() + "/" + (*entries)[i].name, 1 << 20), bodies[i].body);
  }
  EXPECT_EQ(*read_file(temp.path() + "/000017-block-refused.cbor", 100), "not CBOR");
}

TEST_F(CollectorTest, StartFailsWhenTheFolderCannotBeWritten) {
  const auto collector = Collector::start({.save_folder = "/dev/null/folder"});
  ASSERT_FALSE(collector);
  EXPECT_THAT(collector.error().message(), HasSubstr("/dev/null/folder"));
}

TEST_F(CollectorTest, WaitsUntilACountIsReached) {
  start();
  EXPECT_FALSE(
      collector_->wait_for([](const auto& stats) { return stats.blocks > 0; }, milliseconds(10)));
  std::thread sender([this] { post_all(captures()); });
  EXPECT_TRUE(collector_->wait_for(
      [](const auto& stats) { return stats.events.total() == kCapturedEvents.total(); },
      seconds(30)));
  sender.join();
}

TEST_F(CollectorTest, SeveralClientsAtOnceAreCountedOnce) {
  start();
  const auto bodies = captures();
  std::vector<std::thread> senders;
  for (int i = 0; i < 4; ++i) {
    senders.emplace_back([&, i] {
      auto mine = bodies;
      std::rotate(mine.begin(), mine.begin() + 4 * i, mine.end());
      post_all(mine);
    });
  }
  for (int i = 0; i < 50; ++i) (void)collector_->stats();
  for (std::thread& sender : senders) sender.join();
  expect_all_captured();
  EXPECT_EQ(collector_->stats().duplicate_blocks, 3 * kCapturedBlocks);
}

class Recorder final : public CollectorObserver {
 public:
  void on_process(const wire::DecodedProcess& process) override {
    seen += "process " + process.info.exe + "\n";
  }
  void on_stream(const wire::DecodedStream& stream) override {
    seen += "stream " + stream.tags.at(0) + "\n";
  }
  void on_block(const wire::DecodedProcess&, const wire::DecodedStream& stream,
                const wire::DecodedBlock& block) override {
    std::int64_t events = 0;
    const auto read =
        wire::for_each_event(stream, block, [&](std::int64_t, const wire::Object&) { ++events; });
    EXPECT_TRUE(read);
    seen += "block " + stream.tags.at(0) + " " + std::to_string(events) + "\n";
    EXPECT_LE((*collector)->stats().blocks, kCapturedBlocks);  // may be asked from here
  }
  void on_span(const FinishedSpan& span) override { spans += span.is_async ? 0 : 1; }
  void on_refused(unsigned status, std::string_view) override {
    seen += "refused " + std::to_string(status) + "\n";
  }

  std::string seen;
  int spans = 0;
  std::unique_ptr<Collector>* collector = nullptr;
};

TEST_F(CollectorTest, AnObserverSeesEachThingOnceAndInOrder) {
  Recorder recorder;
  recorder.collector = &collector_;
  start({.observer = &recorder});
  const auto bodies = captures();
  for (int i = 0; i < 2; ++i) post_all({bodies[2], bodies[0], bodies[1], bodies[15]});
  EXPECT_EQ(post(BodyKind::kProcess, "").status, 400);
  EXPECT_EQ(exchange(port(), get_text("/x")).status, 404);
  collector_->stop();
  EXPECT_EQ(recorder.seen,
            "process /opt/golden/golden\nstream log\nblock log 8\nrefused 400\nrefused 404\n");
  Recorder all;
  all.collector = &collector_;
  start({.observer = &all});
  post_all(bodies);
  collector_->stop();
  EXPECT_EQ(all.spans, 27);
}

TEST_F(CollectorTest, StartsAndStopsAHundredTimes) {
  const Capture process = captures(BodyKind::kProcess).front();
  for (int i = 0; i < 100; ++i) {
    start();
    EXPECT_EQ(post(process).status, 200);
    collector_.reset();
  }
}

}  // namespace
}  // namespace micromegas::collector
