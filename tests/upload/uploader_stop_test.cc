// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The end of an upload actor: drained, bounded, nothing left.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>

#include "micromegas/tests/support/reserved_port.h"
#include "micromegas/tests/support/threads.h"
#include "micromegas/tests/upload/uploader_fixture.h"

namespace micromegas::upload {
namespace {

using std::chrono::steady_clock;
using ::testing::HasSubstr;
using testing::NewThreads;
using testing::ReceivedRequest;
using testing::say_nothing;
using testing::status;
using testing::ThreadNames;

TEST_F(UploaderTest, StoppingSendsWhatIsThere) {
  start();
  for (int i = 0; i < 200; ++i) add(StreamKind::kMetrics, std::to_string(i));
  uploader_->stop(patience());
  EXPECT_EQ(of(outbox().stats(), EventKind::kFloatMetric).delivered, 200U);
  EXPECT_EQ(everything_said(), "");
}

TEST_F(UploaderTest, StoppingWakesWhatWaits) {
  outbox_.backoff = {1h, 1h};
  server_.script({status(500)});
  start();
  add(StreamKind::kLog, "logs", 4);
  ASSERT_TRUE(server_.wait_for_requests(1));
  uploader_->stop(patience());
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, 4U);
}

TEST_F(UploaderTest, StoppingEndsAtItsDeadlineWhenTheServerHangs) {
  client_.request_timeout = 1h;
  server_.decide([](const ReceivedRequest& request) {
    return request.body == "logs" ? say_nothing() : status(200);
  });
  start();
  add(StreamKind::kLog, "logs", 4);
  add(StreamKind::kThread, "spans", 6);
  ASSERT_TRUE(server_.wait_for_requests(3));
  const auto before = steady_clock::now();
  uploader_->stop(before + 100ms);
  const auto took = steady_clock::now() - before;
  EXPECT_GE(took, 100ms);
  EXPECT_LT(took, 10s);
  const UploadStats stats = outbox().stats();
  EXPECT_EQ(dropped(stats, EventKind::kLog, DropReason::kDeadline), 4U);
  EXPECT_THAT(everything_said(), HasSubstr("4 log"));
}

TEST_F(UploaderTest, StoppingEndsAtItsDeadlineWhenNobodyListens) {
  const testing::ReservedPort nobody;
  start_for(nobody.url());
  add(StreamKind::kLog, "logs", 4);
  ASSERT_TRUE(tried_again(1));
  uploader_->stop(steady_clock::now() + 100ms);
  EXPECT_EQ(dropped(outbox().stats(), EventKind::kLog, DropReason::kDeadline), 4U);
  EXPECT_THAT(everything_said(), HasSubstr("Connection refused"));
}

TEST_F(UploaderTest, StoppingEndsAtItsDeadlineWhenANameIsNotFound) {
  auto asked = std::make_shared<std::latch>(1);
  auto release = std::make_shared<std::latch>(1);
  client_.look_up = [asked, release](const std::string&) {
    asked->count_down();
    release->wait();
    return http::Resolution{};
  };
  const NewThreads threads;
  start_for("http://a.name");
  add(StreamKind::kLog, "logs", 4);
  asked->wait();
  const auto before = steady_clock::now();
  uploader_->stop(before + 100ms);
  EXPECT_LT(steady_clock::now() - before, 10s);
  EXPECT_EQ(dropped(outbox().stats(), EventKind::kLog, DropReason::kDeadline), 4U);

  // The look-up's thread alone is left, and needs nothing of what is gone.
  const ThreadNames left = {"mm-resolve"};
  EXPECT_EQ(threads.once(left), left);
  uploader_.reset();
  release->count_down();
  EXPECT_EQ(threads.once({}), ThreadNames{});
}

TEST_F(UploaderTest, StoppingTwiceAtOnceIsFine) {
  start();
  add(StreamKind::kLog, "logs");
  std::thread other([&] { uploader_->stop(patience()); });
  uploader_->stop(patience());
  other.join();
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, 1U);
}

TEST_F(UploaderTest, AddingWhileStoppingIsCounted) {
  start();
  std::atomic<bool> done{false};
  std::uint64_t added = 0;
  std::thread adder([&] {
    for (; !done; ++added) add(StreamKind::kLog, "x");
  });
  ASSERT_TRUE(server_.wait_for_requests(10));
  uploader_->stop(patience());
  done = true;
  adder.join();
  const UploadStats stats = outbox().stats();
  EXPECT_EQ(of(stats, EventKind::kLog).recorded, added);
  expect_balance(stats);
}

int open_files() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  return count;
}

TEST_F(UploaderTest, LeavesNoFileAndNoThreadBehind) {
  const NewThreads threads;
  const testing::ReservedPort nobody;
  const int files = open_files();
  start_for(nobody.url());
  add(StreamKind::kLog, "x");
  EXPECT_GT(open_files(), files);
  const ThreadNames running = {"mm-upload"};
  EXPECT_EQ(threads.once(running), running);
  ASSERT_TRUE(tried_again(3));
  uploader_->stop(steady_clock::now());
  EXPECT_EQ(open_files(), files);
  EXPECT_EQ(threads.once({}), ThreadNames{});
}

}  // namespace
}  // namespace micromegas::upload
