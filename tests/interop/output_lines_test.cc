// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A line for which there is no memory is counted, and those behind it arrive.

#include "micromegas/interop/output/output_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/output_capture.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/testing.h"
#include "micromegas/tests/support/short_memory.h"

namespace micromegas {
namespace {

using ::testing::ElementsAre;

const std::string kLong(100, 'x');  // not within a string itself

class OutputLinesWithoutMemory : public ::testing::Test {
 protected:
  OutputLinesWithoutMemory() { testing_support::set_memory_short(true); }
  ~OutputLinesWithoutMemory() override {
    testing_support::set_memory_short(false);
    testing_support::set_poor(false);
  }

  std::size_t add(std::string_view output) { return lines_.add(output, keep_); }
  std::size_t add_poor(std::string_view output) {
    testing_support::set_poor(true);
    const std::size_t lost = add(output);
    testing_support::set_poor(false);
    return lost;
  }

  std::vector<std::string> kept_;
  const std::function<void(std::string_view)> keep_ = [this](std::string_view line) {
    if (line == "thrown") throw 1;
    kept_.emplace_back(line);
  };
  detail::OutputLines lines_;
};

TEST_F(OutputLinesWithoutMemory, ALineThatCannotBeKeptIsLostAsAWhole) {
  EXPECT_EQ(add("begun "), 0u);
  EXPECT_EQ(add_poor(kLong), 0u);  // it has not ended
  EXPECT_EQ(add(" and more\nnext\n"), 1u);
  EXPECT_EQ(add_poor(kLong + "\n" + kLong + "\n"), 2u);
  EXPECT_EQ(add("last"), 0u);
  EXPECT_EQ(lines_.end(keep_), 0u);
  EXPECT_THAT(kept_, ElementsAre("next", "last"));
  add_poor(kLong);
  EXPECT_EQ(lines_.end(keep_), 1u);
}

TEST_F(OutputLinesWithoutMemory, ALineThatCannotBeGivenIsLost) {
  EXPECT_EQ(add("thrown\nnext\n"), 1u);
  EXPECT_EQ(add("thrown"), 0u);
  EXPECT_EQ(lines_.end(keep_), 1u);
  EXPECT_EQ(add("last\n"), 0u);
  EXPECT_THAT(kept_, ElementsAre("next", "last"));
}

struct Nowhere : std::streambuf {
  int_type overflow(int_type c) override { return c; }
  std::streamsize xsputn(const char* /*text*/, std::streamsize size) override { return size; }
};

TEST_F(OutputLinesWithoutMemory, ACapturesLostLineIsADroppedLog) {
  testing::Recorder recorder;
  Nowhere nowhere;
  std::ostream stream(&nowhere);
  {
    const StreamCapture out(stream, {.target = "stream"});
    stream << "first\n";
    testing_support::set_poor(true);
    stream << kLong << '\n';
    testing_support::set_poor(false);
    stream << "last\n";
  }
  EXPECT_TRUE(recorder.expect_logs(2, {.target = "stream"}));
  EXPECT_EQ(pipeline::session_stats()[static_cast<std::size_t>(EventKind::kLog)]
                .dropped[static_cast<std::size_t>(DropReason::kQueueFull)],
            1u);
}

}  // namespace
}  // namespace micromegas
