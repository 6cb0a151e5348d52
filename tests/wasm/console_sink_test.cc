// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The console line: method, text, properties, and bad days.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "micromegas/dispatch.h"
#include "micromegas/instrument.h"
#include "micromegas/sink.h"
#include "micromegas/tests/wasm/console_capture.h"

namespace micromegas {
namespace {

using testing::ConsoleCapture;

class ConsoleSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        dispatch::init_event_dispatch(0, 0, 0, std::make_shared<ConsoleEventSink>(), {}, true));
  }
  void TearDown() override { dispatch::force_uninit(); }

  static constexpr LogMetadata metadata(Level level) {
    return {.level = level, .text = "text", .target = "target"};
  }
};

TEST_F(ConsoleSinkTest, CallsTheMethodThatFitsTheLevel) {
  const ConsoleCapture console;
  MM_FATAL("a");
  MM_ERROR("b");
  MM_WARN("c");
  MM_INFO("d");
  MM_DEBUG("e");
  MM_TRACE("f");
  EXPECT_EQ(console.calls(), R"(["error","[FATAL] a"],["error","[ERROR] b"],["warn","[WARN] c"],)"
                             R"(["info","[INFO] d"],["debug","[DEBUG] e"],["debug","[TRACE] f"])");
}

TEST_F(ConsoleSinkTest, IsSynchronous) {
  const ConsoleCapture console;
  MM_INFO("first");
  EXPECT_EQ(console.calls(), R"(["info","[INFO] first"])");
}

TEST_F(ConsoleSinkTest, GivesPropertiesAsAnObject) {
  const ConsoleCapture console;
  static constinit LogMetadata site = metadata(Level::kWarn);
  dispatch::log_tagged(site, PropertySet::intern({{"user", "ann"}, {"city", "Zürich"}}), "100%s");
  EXPECT_EQ(console.calls(), R"(["warn","[WARN] 100%%s",{"city":"Zürich","user":"ann"}])");
}

// Alone it is no format, so nothing is doubled.
TEST_F(ConsoleSinkTest, LeavesPercentSignsAlone) {
  const ConsoleCapture console;
  MM_INFO("100%s %d %%");
  EXPECT_EQ(console.calls(), R"(["info","[INFO] 100%s %d %%"])");
}

TEST_F(ConsoleSinkTest, ReplacesWhatIsNotUtf8) {
  const ConsoleCapture console;
  MM_INFO("{}|{}|{}|{}", "\xff", "a\xe2\x82", "\xed\xa0\x80", "\xf0\x9f\x98\x80 ü");
  EXPECT_EQ(console.calls(), R"(["info","[INFO] �|a�|���|😀 ü"])");
}

TEST_F(ConsoleSinkTest, ShowsLongLinesWhole) {
  const ConsoleCapture console;
  const std::string text(100'000, 'x');
  MM_INFO("{}", text);
  EXPECT_EQ(console.calls(), R"(["info","[INFO] )" + text + R"("])");
}

TEST_F(ConsoleSinkTest, HonoursItsLevel) {
  dispatch::force_uninit();
  ASSERT_TRUE(dispatch::init_event_dispatch(
      0, 0, 0, std::make_shared<ConsoleEventSink>(ConsoleOptions{.max_level = LevelFilter::kWarn}),
      {}, false));
  const ConsoleCapture console;
  MM_INFO("no");
  MM_WARN("yes");
  EXPECT_EQ(console.calls(), R"(["warn","[WARN] yes"])");
}

TEST_F(ConsoleSinkTest, DoesNothingWithoutAConsole) {
  for (int how = 0; how < 3; ++how) {
    test_break_console(how);
    MM_INFO("nobody {}", "hears this");
  }
  test_break_console(3);
  const ConsoleCapture console;
  MM_INFO("but this");
  EXPECT_EQ(console.calls(), R"(["info","[INFO] but this"])");
}

}  // namespace
}  // namespace micromegas
