// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/spdlog_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <spdlog/async.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "micromegas/dispatch.h"
#include "micromegas/platform/thread.h"
#include "micromegas/sink.h"
#include "micromegas/testing.h"

namespace micromegas {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::SizeIs;

std::map<std::string, std::string> map(const MemorySink::Properties& properties) {
  std::map<std::string, std::string> out;
  for (const auto& p : properties) out.emplace(p.name, p.value);
  return out;
}

spdlog::logger logger_to_us(const std::string& name) {
  spdlog::logger logger(name, std::make_shared<SpdlogSink>());
  logger.set_level(spdlog::level::trace);
  return logger;
}

TEST(SpdlogSink, LevelsNameAndText) {
  testing::Recorder recorder;
  spdlog::logger logger = logger_to_us("net.dns");
  logger.critical("a {}", 1);
  logger.error("b");
  logger.warn("c {{}} {}", 2);
  logger.info("d");
  logger.debug("e");
  logger.trace("f");
  logger.log(spdlog::level::off, "never");
  logger_to_us("").info("{}", "of nobody\nin two lines");
  std::vector<std::pair<Level, std::string>> seen;
  const auto logs = recorder.logs();
  for (const auto& log : logs) seen.emplace_back(log.level, log.text);
  EXPECT_THAT(seen, ElementsAre(std::pair(Level::kFatal, "a 1"), std::pair(Level::kError, "b"),
                                std::pair(Level::kWarn, "c {} 2"), std::pair(Level::kInfo, "d"),
                                std::pair(Level::kDebug, "e"), std::pair(Level::kTrace, "f"),
                                std::pair(Level::kInfo, "of nobody\nin two lines")));
  ASSERT_THAT(logs, SizeIs(7));
  EXPECT_EQ(logs[0].source.target, "net.dns");
  EXPECT_EQ(logs[6].source.target, "spdlog");
  EXPECT_THAT(logs[0].properties, SizeIs(0));
}

TEST(SpdlogSink, TheSourceIsInProperties) {
  testing::Recorder recorder;
  auto logger = std::make_shared<spdlog::logger>("src", std::make_shared<SpdlogSink>());
  const int line = __LINE__ + 1;
  SPDLOG_LOGGER_INFO(logger, "here");
  const auto logs = recorder.logs();
  ASSERT_THAT(logs, SizeIs(1));
  auto properties = map(logs[0].properties);
  EXPECT_THAT(properties["source.file"], EndsWith("tests/interop/spdlog_sink_test.cc"));
  EXPECT_EQ(properties["source.line"], std::to_string(line));
  EXPECT_EQ(properties["source.function"], "TestBody");
}

TEST(SpdlogSink, PatternsAndFormattersAreNotAsked) {
  testing::Recorder recorder;
  spdlog::logger logger = logger_to_us("pattern");
  logger.set_pattern("[%H] %v");
  logger.info("as it is");
  EXPECT_TRUE(recorder.expect_logs(1, {.target = "pattern", .contains = "as it is"}));
  EXPECT_EQ(recorder.logs()[0].text, "as it is");
}

TEST(SpdlogSink, WithoutTelemetryNothingHappens) {
  spdlog::logger logger = logger_to_us("nobody");
  logger.info("nobody");
  logger.flush();
}

TEST(SpdlogSink, ManyThreadsAndAnAsynchronousLogger) {
  testing::Recorder recorder;
  constexpr int kThreads = 4;
  constexpr int kLogs = 500;
  auto pool = std::make_shared<spdlog::details::thread_pool>(1024, 2);
  auto async = std::make_shared<spdlog::async_logger>("async", std::make_shared<SpdlogSink>(), pool,
                                                      spdlog::async_overflow_policy::block);
  spdlog::logger direct = logger_to_us("direct");
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kLogs; ++i) {
        direct.info("turn {}", i);
        async->info("turn {}", i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  async.reset();
  pool.reset();  // waits for its threads
  EXPECT_TRUE(recorder.expect_logs(kThreads * kLogs, {.target = "direct"}));
  EXPECT_TRUE(recorder.expect_logs(kThreads * kLogs, {.target = "async"}));
}

// Logs by spdlog whatever it is given, in blocks and live.
class Chatty : public EventSink {
 public:
  void on_log(const LogMetadata&, std::span<const Property>, std::int64_t,
              std::string_view text) override {
    ++lines;
    logger_.info("live: {}", text);
  }
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    block->for_each([&](const LogEvent& event) {
      ++events;
      logger_.info("block: {}", event.text);
    });
  }
  std::atomic<int> lines{0};
  std::atomic<int> events{0};

 private:
  spdlog::logger logger_ = logger_to_us("chatty");
};

TEST(SpdlogSink, ASinkThatLogsThroughTheLoggerDoesNotFeedItself) {
  auto chatty = std::make_shared<Chatty>();
  ASSERT_TRUE(dispatch::init_event_dispatch(1 << 20, 1 << 20, 1 << 20, chatty, {}, true));
  spdlog::logger logger = logger_to_us("outside");
  logger.info("one");
  for (int i = 0; i < 5; ++i) logger.flush();  // each hands over what is there
  dispatch::shutdown_dispatch();
  EXPECT_EQ(chatty->lines.load(), 1);
  EXPECT_EQ(chatty->events.load(), 1);
}

TEST(SpdlogSink, AFlushOnOurOwnThreadHandsNothingOver) {
  auto sink = std::make_shared<Chatty>();
  ASSERT_TRUE(dispatch::init_event_dispatch(1 << 20, 1 << 20, 1 << 20, sink, {}, true));
  logger_to_us("outside").info("one");
  {
    const ScopedLibraryThread ours;
    SpdlogSink().flush();
  }
  EXPECT_EQ(sink->events.load(), 0);
  SpdlogSink().flush();
  EXPECT_EQ(sink->events.load(), 1);
  dispatch::shutdown_dispatch();
}

TEST(SpdlogSink, AThreadThatIsCancelledEndsAfterItsFlush) {
  testing::Recorder recorder;
  std::atomic<bool> flushed = false;
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, nullptr,
                [](void* done) -> void* {
                  logger_to_us("cancelled").info("one");
                  pthread_cancel(pthread_self());
                  SpdlogSink().flush();
                  static_cast<std::atomic<bool>*>(done)->store(true);
                  pthread_testcancel();
                  return nullptr;
                },
                &flushed),
            0);
  void* result = nullptr;
  ASSERT_EQ(pthread_join(thread, &result), 0);
  EXPECT_EQ(result, PTHREAD_CANCELED);
  EXPECT_TRUE(flushed);
  EXPECT_TRUE(recorder.expect_logs(1, {.target = "cancelled"}));
}

TEST(SpdlogSink, AMegabyteIsCutAndBadBytesDoNotMatter) {
  testing::Recorder recorder;
  spdlog::logger logger = logger_to_us("bad \xff");
  logger.info(std::string(1 << 20, 'x'));
  logger.info("\xff\xfe");
  const auto logs = recorder.logs();
  ASSERT_THAT(logs, SizeIs(2));
  EXPECT_LT(logs[0].text.size(), 61'000u);
  EXPECT_GT(logs[0].text.size(), 50'000u);
}

}  // namespace
}  // namespace micromegas
