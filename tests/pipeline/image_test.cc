// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Images: what is sent arrives whole, in blocks of sensible sizes, bounded and counted.

#include <gtest/gtest.h>

#include <cstddef>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/testing.h"
#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes(std::size_t size, unsigned seed = 1) {
  Bytes out(size);
  for (std::byte& b : out) b = static_cast<std::byte>((seed = seed * 1664525U + 1013904223U) >> 24);
  return out;
}

class ImageTest : public SessionTest {
 protected:
  static KindStats books() { return of(pipeline::session_stats(), EventKind::kImage); }
  std::vector<testing_support::SeenBlock> image_blocks() {
    std::vector<testing_support::SeenBlock> out;
    for (const auto& block : sink_->recorded().blocks) {
      if (block.kind == StreamKind::kImage) out.push_back(block);
    }
    return out;
  }
};

TEST_F(ImageTest, ArrivesAsItWasSent) {
  start();
  const std::int64_t before = pipeline::now();
  const Bytes data = bytes(1000);
  send_image("screenshot", "image/png", data);
  send_image("größe", "", Bytes{});
  send_image("", "image/png", bytes(10, 7));
  const std::int64_t after = pipeline::now();
  const auto recorded = flushed();
  ASSERT_EQ(recorded.images.size(), 3u);
  EXPECT_EQ(recorded.images[0].name, "screenshot");
  EXPECT_EQ(recorded.images[0].format, "image/png");
  EXPECT_EQ(recorded.images[0].data, data);
  EXPECT_EQ(recorded.images[1].name, "größe");
  EXPECT_TRUE(recorded.images[1].data.empty());
  EXPECT_EQ(recorded.images[2].data, bytes(10, 7));
  for (const auto& image : recorded.images) {
    EXPECT_GE(image.time, before);
    EXPECT_LE(image.time, after);
  }
  EXPECT_EQ(books().recorded, 3u);
  EXPECT_EQ(books().delivered, 3u);
}

TEST_F(ImageTest, NobodyIsToldOfAStreamWithoutImages) {
  start();
  MM_INFO("no image");
  for (const auto& [id, stream] : flushed().streams) EXPECT_NE(stream.kind, StreamKind::kImage);
}

TEST_F(ImageTest, SmallOnesShareABlockAndLargeOnesHaveTheirOwn) {
  start();
  for (int i = 0; i < 10; ++i) send_image("small", "raw", bytes(1000));
  flushed();
  ASSERT_EQ(image_blocks().size(), 1u);
  EXPECT_EQ(image_blocks()[0].header.event_count, 10);
  for (int i = 0; i < 3; ++i) send_image("large", "raw", bytes(3U << 20));
  flushed();
  ASSERT_EQ(image_blocks().size(), 4u);
  EXPECT_EQ(image_blocks()[3].header.event_count, 1);
}

// Upstream's wait for a full buffer: neither its timer nor its end sends them.
TEST_F(ImageTest, LeavesByTheTimer) {
  pipeline::SessionOptions options;
  options.flush.period = std::chrono::milliseconds(50);
  start(std::move(options));
  send_image("first", "raw", bytes(10));
  EXPECT_TRUE(sink_->wait([](const auto& r) { return r.images.size() == 1; }));
  send_image("second", "raw", bytes(10));
  EXPECT_TRUE(sink_->wait([](const auto& r) { return r.images.size() == 2; }));
}

TEST_F(ImageTest, LeavesAtTheEnd) {
  start();
  send_image("last", "raw", bytes(10));
  EXPECT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
  EXPECT_EQ(sink_->recorded().images.size(), 1u);
  send_image("too late", "raw", bytes(10));
  EXPECT_EQ(books().recorded, 1u);
}

// As of a thread that asked whether telemetry runs just before it ended.
TEST_F(ImageTest, ThatMeetsTheEndIsCounted) {
  start();
  EXPECT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
  Image image;
  micromegas_v0_send_image(&image);
  EXPECT_EQ(books().recorded, 1u);
  EXPECT_EQ(books().dropped[static_cast<std::size_t>(DropReason::kStopped)], 1u);
}

TEST_F(ImageTest, WhatIsTooLargeIsDroppedAndCounted) {
  start();
  send_image("large", "raw", Bytes(kMaxImageBytes + 1));
  send_image("large", "raw", std::span<const std::byte>(Bytes(kMaxImageBytes + 1)));
  EXPECT_TRUE(flushed().images.empty());
  EXPECT_EQ(books().recorded, 2u);
  EXPECT_EQ(books().dropped[static_cast<std::size_t>(DropReason::kInvalid)], 2u);
}

TEST_F(ImageTest, LongNamesAreCut) {
  start();
  send_image(std::string(5000, 'n'), std::string(5000, 'f'), Bytes{});
  const auto recorded = flushed();
  ASSERT_EQ(recorded.images.size(), 1u);
  EXPECT_EQ(recorded.images[0].name, std::string(1024, 'n'));
  EXPECT_EQ(recorded.images[0].format, std::string(1024, 'f'));
}

TEST_F(ImageTest, LongNamesAreNotCutInsideACharacter) {
  start();
  send_image(std::string(1023, 'n') + "ß", std::string(1021, 'f') + "😀", Bytes{});
  const auto recorded = flushed();
  ASSERT_EQ(recorded.images.size(), 1u);
  EXPECT_EQ(recorded.images[0].name, std::string(1023, 'n'));
  EXPECT_EQ(recorded.images[0].format, std::string(1021, 'f'));
}

TEST_F(ImageTest, TheLargestFitsTheDefaultBudget) {
  start();
  send_image("large", "raw", Bytes(kMaxImageBytes));
  EXPECT_EQ(flushed().images.size(), 1u);
}

TEST_F(ImageTest, WhatAVectorHasBeyondItsSizeDropsNoImage) {
  start();
  const auto image = [](std::size_t size, std::size_t capacity) {
    Bytes data;
    data.reserve(capacity);
    data.resize(size);
    return data;
  };
  send_image("small", "raw", image(1U << 20, 70U << 20));
  EXPECT_EQ(flushed().images.size(), 1u);
  send_image("largest", "raw", image(kMaxImageBytes, kMaxImageBytes + (5U << 20)));
  EXPECT_EQ(flushed().images.size(), 2u);
  EXPECT_EQ(books().dropped_total(), 0u);
}

// A sink that keeps the actor: what finds no room meanwhile is dropped, and there is room again.
class HeldSink : public testing_support::RecordingSink {
 public:
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    RecordingSink::on_process_log_block(block);
    entered.set_value();
    go.get_future().wait();
  }
  std::promise<void> entered;
  std::promise<void> go;
};

TEST_F(ImageTest, TheBudgetBoundsWhatWaits) {
  const auto sink = std::make_shared<HeldSink>();
  sink_ = sink;
  pipeline::SessionOptions options;
  options.image_bytes = 1U << 20;
  options.flush.period = std::chrono::milliseconds(20);
  start(std::move(options));
  MM_INFO("hold");
  sink->entered.get_future().wait();
  for (int i = 0; i < 20; ++i) send_image("i", "raw", bytes(100'000));
  sink->go.set_value();
  EXPECT_EQ(flushed().images.size(), 10u);
  EXPECT_EQ(books().dropped[static_cast<std::size_t>(DropReason::kQueueFull)], 10u);
  send_image("i", "raw", bytes(900'000));
  EXPECT_EQ(flushed().images.size(), 11u);
}

TEST_F(ImageTest, ManyThreadsLoseNothing) {
  start();
  constexpr int kThreads = 8;
  constexpr int kImages = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < kImages; ++i) {
        send_image(std::to_string(t), std::to_string(i), bytes(static_cast<std::size_t>(i) * 7));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto recorded = flushed();
  EXPECT_EQ(recorded.images.size(), std::size_t{kThreads} * kImages);
  std::map<std::string, int> next;
  for (const auto& image : recorded.images) {
    EXPECT_EQ(image.format, std::to_string(next[image.name]++)) << image.name;
    EXPECT_EQ(image.data, bytes(static_cast<std::size_t>(std::stoi(image.format)) * 7));
  }
}

TEST_F(ImageTest, AForkedChildHasNoneOfItsParents) {
  start();
  send_image("parent's", "raw", bytes(10));
  const int status = testing::run_child([] {
    send_image("while silent", "raw", bytes(10));
    const auto sink = std::make_shared<testing_support::RecordingSink>();
    if (!dispatch::init_event_dispatch(4096, 4096, 4096, sink, {}, true)) _exit(1);
    send_image("child's", "raw", bytes(10));
    dispatch::shutdown_dispatch();
    const auto images = sink->recorded().images;
    _exit(images.size() == 1 && images[0].name == "child's" ? 0 : 2);
  });
  EXPECT_TRUE(testing::exited_with(status, 0)) << status;
  EXPECT_EQ(flushed().images.size(), 1u);
}

TEST_F(ImageTest, ATestSeesTheImagesOfItsThread) {
  start();
  testing::Recorder recorder(testing::Recorder::kThisThread);
  std::thread([] { send_image("another thread's", "raw", bytes(1)); }).join();
  send_image("mine", "image/png", bytes(3));
  const auto images = recorder.images();
  ASSERT_EQ(images.size(), 1u);
  EXPECT_EQ(images[0].name, "mine");
  EXPECT_EQ(images[0].format, "image/png");
  EXPECT_EQ(images[0].data, bytes(3));
}

}  // namespace
}  // namespace micromegas
