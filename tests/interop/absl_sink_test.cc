// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Not run by ./dev: Debian 12's Abseil has no log library. With one:
//
//   bazel test --//platform/deps:absl_log=//:your_absl //tests/interop:absl_sink_test

#include "micromegas/absl_sink.h"

#include <absl/log/log.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
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

TEST(AbslSink, LevelsTextAndSource) {
  testing::Recorder recorder;
  AbslSink sink("old code");
  const int line = __LINE__ + 1;
  LOG(INFO).ToSinkOnly(&sink) << "found " << 3;
  LOG(WARNING).ToSinkOnly(&sink) << "slow\nin two lines";
  LOG(ERROR).ToSinkOnly(&sink) << "lost";
  LOG(INFO).WithVerbosity(1).ToSinkOnly(&sink) << "detail";
  LOG(INFO).WithVerbosity(2).ToSinkOnly(&sink) << "more";
  const auto logs = recorder.logs();
  std::vector<std::pair<Level, std::string>> seen;
  for (const auto& log : logs) seen.emplace_back(log.level, log.text);
  EXPECT_THAT(
      seen,
      ElementsAre(std::pair(Level::kInfo, "found 3"), std::pair(Level::kWarn, "slow\nin two lines"),
                  std::pair(Level::kError, "lost"), std::pair(Level::kDebug, "detail"),
                  std::pair(Level::kTrace, "more")));
  ASSERT_THAT(logs, SizeIs(5));
  EXPECT_EQ(logs[0].source.target, "old code");
  std::map<std::string, std::string> properties;
  for (const auto& p : logs[0].properties) properties.emplace(p.name, p.value);
  EXPECT_THAT(properties["source.file"], EndsWith("absl_sink_test.cc"));
  EXPECT_EQ(properties["source.line"], std::to_string(line));
}

// A server that answers later than a process takes to abort.
class Slow : public Received {
 public:
  void on_process(const wire::DecodedProcess& process) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    Received::on_process(process);
  }
};

// The process aborts; the server has the message and the stack trace all the same.
TEST(AbslSink, AFatalLogIsDeliveredBeforeTheAbort) {
  Slow received;
  Program program("tests/interop/absl_program", {},
                  {{"MICROMEGAS_TELEMETRY_URL", received.url()}, {"MICROMEGAS_LOG", ""}});
  EXPECT_TRUE(killed_by(program.end(), SIGABRT)) << program.error();
  received.stop();
  const auto logs = received.logs();
  ASSERT_THAT(logs, SizeIs(3));
  EXPECT_EQ(logs[0].text, "before");
  EXPECT_EQ(logs[1].text, "cannot go on");
  EXPECT_EQ(logs[1].level, 1);
  EXPECT_EQ(logs[2].level, 1);
}

}  // namespace
}  // namespace micromegas
