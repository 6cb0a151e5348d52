// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The example of docs/testing.md.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "micromegas/instrument.h"
#include "micromegas/testing_matchers.h"

namespace {

// The code under test.
bool connect(const std::string& host) {
  MM_SPAN_T("net", "connect");
  if (host.empty()) {
    MM_ERROR_T("net", "refused: no host");
    return false;
  }
  MM_IMETRIC_T("net", "connections", "count", 1);
  return true;
}

using micromegas::Level;
using micromegas::testing::LogIs;
using micromegas::testing::NameIs;
using micromegas::testing::Once;
using micromegas::testing::Recorder;
using micromegas::testing::ValueIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Connect, WithoutAHostIsAnErrorThatSaysSo) {
  Recorder recorder;
  EXPECT_FALSE(connect(""));
  EXPECT_THAT(recorder.logs(), Once(LogIs(Level::kError, "net", HasSubstr("no host"))));
  EXPECT_THAT(recorder.metrics(), IsEmpty());
}

TEST(Connect, IsCountedAndTimed) {
  Recorder recorder;
  EXPECT_TRUE(connect("example.org"));
  EXPECT_THAT(recorder.metrics(), Once(AllOf(NameIs("connections"), ValueIs(1))));
  EXPECT_THAT(recorder.spans(), Once(NameIs("connect")));
}

// Whatever else this process does meanwhile.
TEST(Connect, OnAThreadOfItsOwn) {
  Recorder recorder(Recorder::kThisThread);
  std::thread worker([&] {
    const Recorder::Join join(recorder);
    connect("");
  });
  std::thread stranger([] { connect(""); });
  worker.join();
  stranger.join();
  EXPECT_THAT(recorder.logs(), Once(LogIs(Level::kError, "net", HasSubstr("refused"))));
}

}  // namespace
