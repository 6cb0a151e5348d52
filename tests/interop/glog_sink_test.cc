// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/glog_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/testing.h"
#include "micromegas/tests/interop/received.h"
#include "micromegas/tests/support/program.h"

namespace micromegas {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using testing::killed_by;
using testing::Program;
using testing::Received;
using ::testing::SizeIs;

class GlogSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    FLAGS_logtostderr = false;
    FLAGS_stderrthreshold = google::GLOG_FATAL;
    google::AddLogSink(&sink_);
  }
  void TearDown() override { google::RemoveLogSink(&sink_); }

  GlogSink sink_{"old code"};
};

// To our sink, and to no file.
#define LOG_TO_US(severity) LOG_TO_SINK_BUT_NOT_TO_LOGFILE(&sink_, severity)

TEST_F(GlogSinkTest, LevelsTextAndSource) {
  google::RemoveLogSink(&sink_);  // it is named at each statement
  testing::Recorder recorder;
  const int line = __LINE__ + 1;
  LOG_TO_US(INFO) << "found " << 3;
  LOG_TO_US(WARNING) << "slow\nin two lines";
  LOG_TO_US(ERROR) << "lost";
  google::AddLogSink(&sink_);
  const auto logs = recorder.logs();
  std::vector<std::pair<Level, std::string>> seen;
  for (const auto& log : logs) seen.emplace_back(log.level, log.text);
  EXPECT_THAT(seen, ElementsAre(std::pair(Level::kInfo, "found 3"),
                                std::pair(Level::kWarn, "slow\nin two lines"),
                                std::pair(Level::kError, "lost")));
  ASSERT_THAT(logs, SizeIs(3));
  EXPECT_EQ(logs[0].source.target, "old code");
  std::map<std::string, std::string> properties;
  for (const auto& p : logs[0].properties) properties.emplace(p.name, p.value);
  EXPECT_THAT(properties["source.file"], EndsWith("tests/interop/glog_sink_test.cc"));
  EXPECT_EQ(properties["source.line"], std::to_string(line));
}

TEST_F(GlogSinkTest, ThreadsAndNobodyListening) {
  LOG(INFO) << "nobody";
  testing::Recorder recorder;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 200; ++i) LOG(INFO) << "turn " << i;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(recorder.expect_logs(800, {.target = "old code", .contains = "turn"}));
}

// The process aborts; the server has the log all the same.
TEST(GlogSink, AFatalLogIsDeliveredBeforeTheAbort) {
  Received received;
  Program program("tests/interop/glog_program", {},
                  {{"MICROMEGAS_TELEMETRY_URL", received.url()}, {"MICROMEGAS_LOG", ""}});
  EXPECT_TRUE(killed_by(program.end(), SIGABRT)) << program.error();
  received.stop();
  const auto logs = received.logs();
  ASSERT_THAT(logs, SizeIs(2));
  EXPECT_EQ(logs[0].text, "before");
  EXPECT_EQ(logs[1].text, "cannot go on");
  EXPECT_EQ(logs[1].level, 1);
  EXPECT_EQ(logs[1].target, "glog");
}

// Nor does another thread's log take the wait from it.
TEST(GlogSink, AFatalLogIsDeliveredWhileOthersLog) {
  for (int round = 0; round < 10; ++round) {
    Received received;
    Program program("tests/interop/glog_program", {"2"},
                    {{"MICROMEGAS_TELEMETRY_URL", received.url()}, {"MICROMEGAS_LOG", ""}});
    EXPECT_TRUE(killed_by(program.end(), SIGABRT));
    received.stop();
    const auto logs = received.logs();
    EXPECT_EQ(std::count_if(logs.begin(), logs.end(),
                            [](const auto& log) { return log.text == "cannot go on"; }),
              1);
  }
}

}  // namespace
}  // namespace micromegas
