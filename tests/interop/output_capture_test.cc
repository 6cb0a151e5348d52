// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is printed becomes logs, and goes on where it went.

#include "micromegas/output_capture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/interop/output/output_lines.h"
#include "micromegas/sink.h"
#include "micromegas/testing.h"
#include "micromegas/tests/interop/received.h"
#include "micromegas/tests/support/program.h"

namespace micromegas {
namespace {

using ::testing::ElementsAre;
using testing::exited_with;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::killed_by;
using ::testing::Not;
using testing::Program;
using testing::Received;
using ::testing::SizeIs;
using ::testing::StartsWith;

// --- lines ---

std::vector<std::string> lines_of(const std::vector<std::string>& pieces) {
  std::vector<std::string> out;
  const auto keep = [&](std::string_view line) { out.emplace_back(line); };
  detail::OutputLines lines;
  std::size_t lost = 0;
  for (const std::string& piece : pieces) lost += lines.add(piece, keep);
  lost += lines.end(keep);
  EXPECT_EQ(lost, 0u);
  return out;
}

TEST(OutputLines, PiecesOfAnySize) {
  EXPECT_THAT(lines_of({"one\ntwo\r\n\n\r\n", "th", "", "ree", "\n", "four"}),
              ElementsAre("one", "two", "three", "four"));
  EXPECT_THAT(lines_of({"", "\n\n", ""}), IsEmpty());
  EXPECT_THAT(lines_of({"a\rb\r\r\n"}), ElementsAre("a\rb\r"));
}

TEST(OutputLines, ALongLineIsCutBetweenCharactersAndMarked) {
  std::vector<std::string> pieces(400'000, "世");
  pieces.emplace_back("\nnext\n");
  const auto lines = lines_of(pieces);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_LE(lines[0].size(), detail::OutputLines::kMaxLine + 64);
  EXPECT_THAT(lines[0], HasSubstr("世 [cut: 57342 of 1200000 bytes]"));
  EXPECT_EQ(lines[1], "next");
}

// --- streams ---

std::vector<std::string> texts(testing::Recorder& recorder) {
  std::vector<std::string> out;
  for (const auto& log : recorder.logs()) out.push_back(log.text);
  return out;
}

// std::cout, printing into a string.
class StreamCaptureTest : public ::testing::Test {
 protected:
  void SetUp() override { before_ = std::cout.rdbuf(printed_.rdbuf()); }
  void TearDown() override { std::cout.rdbuf(before_); }

  std::ostringstream printed_;
  std::streambuf* before_ = nullptr;
};

TEST_F(StreamCaptureTest, EachLineIsALogAndGoesOn) {
  testing::Recorder recorder;
  {
    const StreamCapture out(std::cout, {.level = Level::kWarn, .target = "stdout"});
    std::cout << "one " << 1 << '\n' << "two" << std::endl << "no end";
    EXPECT_EQ(printed_.str(), "one 1\ntwo\nno end");
  }
  std::cout << " after\n";
  EXPECT_EQ(printed_.str(), "one 1\ntwo\nno end after\n");
  EXPECT_THAT(texts(recorder), ElementsAre("one 1", "two", "no end"));
  EXPECT_EQ(recorder.logs()[0].level, Level::kWarn);
  EXPECT_EQ(recorder.logs()[0].source.target, "stdout");
}

TEST_F(StreamCaptureTest, WithoutTelemetryTheTextGoesOn) {
  const StreamCapture out(std::cout);
  std::cout << "nobody\n";
  EXPECT_EQ(printed_.str(), "nobody\n");
}

TEST_F(StreamCaptureTest, TwoOnOneStreamEndInAnyOrder) {
  testing::Recorder recorder;
  auto first = std::make_unique<StreamCapture>(std::cout, OutputCaptureOptions{.target = "first"});
  auto second =
      std::make_unique<StreamCapture>(std::cout, OutputCaptureOptions{.target = "second"});
  std::cout << "both\n";
  first.reset();
  std::cout << "more\n";
  second.reset();
  EXPECT_EQ(printed_.str(), "both\nmore\n");
  EXPECT_TRUE(recorder.expect_logs(2, {.target = "second"}));
  EXPECT_TRUE(recorder.expect_logs(1, {.target = "first"}));
}

TEST_F(StreamCaptureTest, ManyThreadsLoseNothing) {
  testing::Recorder recorder;
  // A buffer of its own for the text: std::stringbuf is not for several threads.
  struct Null : std::streambuf {
    int_type overflow(int_type c) override { return c; }
    std::streamsize xsputn(const char*, std::streamsize n) override { return n; }
  } null;
  std::cout.rdbuf(&null);
  {
    const StreamCapture out(std::cout, {.target = "threads"});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 500; ++i) std::cout.rdbuf()->sputn("whole line\n", 11);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_TRUE(recorder.expect_logs(2000, {.target = "threads", .contains = "whole line"}));
}

class PrintingSink : public EventSink {
 public:
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    block->for_each([&](const LogEvent& event) {
      ++events;
      std::cout << "sink: " << event.text << '\n';
    });
  }
  std::atomic<int> events{0};
};

TEST_F(StreamCaptureTest, ASinkThatPrintsDoesNotFeedItself) {
  auto sink = std::make_shared<PrintingSink>();
  ASSERT_TRUE(dispatch::init_event_dispatch(1 << 20, 1 << 20, 1 << 20, sink, {}, true));
  {
    const StreamCapture out(std::cout);
    std::cout << "one\n";
    for (int i = 0; i < 5; ++i) dispatch::flush_log_buffer();
  }
  dispatch::shutdown_dispatch();
  EXPECT_EQ(sink->events.load(), 1);
  EXPECT_EQ(printed_.str(), "one\nsink: one\n");
}

// --- descriptors: whole programs ---

struct Ended {
  int status;
  std::string out;
  std::string error;
  std::vector<Received::Log> logs;
};

Ended run(const std::string& way) {
  Received received;
  Program program("tests/interop/output_program", {way},
                  {{"MICROMEGAS_TELEMETRY_URL", received.url()}, {"MICROMEGAS_LOG", ""}});
  const int status = program.end();
  received.stop();
  return {status, program.out(), program.error(), received.logs()};
}

std::vector<std::string> texts(const std::vector<Received::Log>& logs, const std::string& target) {
  std::vector<std::string> out;
  for (const auto& log : logs) {
    if (log.target == target) out.push_back(log.text);
  }
  return out;
}

TEST(DescriptorCapture, TakesWhatPrintfStreamsAndOtherProgramsPrint) {
  const Ended ended = run("print");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  EXPECT_EQ(ended.out, "by printf\nby a stream\nby another program\nby write\nno end\nafter\n");
  EXPECT_EQ(ended.error, "to stderr\n");
  EXPECT_THAT(texts(ended.logs, "stdout"),
              ElementsAre("by printf", "by a stream", "by another program", "by write", "no end"));
  EXPECT_THAT(texts(ended.logs, "stderr"), ElementsAre("to stderr"));
}

TEST(DescriptorCapture, EndsAtExitWhoeverCallsIt) {
  const Ended ended = run("exit");
  EXPECT_TRUE(exited_with(ended.status, 3)) << ended.error;
  EXPECT_EQ(ended.out, "buffered until exit");
  EXPECT_THAT(texts(ended.logs, "stdout"), ElementsAre("buffered until exit"));
}

// The console shows each log once; what it shows does not come back as a log.
TEST(DescriptorCapture, OurOwnConsoleIsNotTaken) {
  const Ended ended = run("console");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  EXPECT_THAT(ended.error, HasSubstr("[own] logged by us\n"));
  EXPECT_THAT(ended.error, HasSubstr("printed by the program\n"));
  EXPECT_THAT(ended.error, HasSubstr("[stderr] printed by the program\n"));
  EXPECT_EQ(std::count(ended.error.begin(), ended.error.end(), '\n'), 3);
  EXPECT_THAT(texts(ended.logs, "own"), ElementsAre("logged by us"));
  EXPECT_THAT(texts(ended.logs, "stderr"), ElementsAre("printed by the program"));
}

TEST(DescriptorCapture, AMegabyteWithoutAnEndIsPassedOnAndCut) {
  const Ended ended = run("long");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  EXPECT_EQ(ended.out.size(), (1U << 20) + 1);
  const auto lines = texts(ended.logs, "stdout");
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr("[cut: 57344 of 1048576 bytes]"));
}

TEST(DescriptorCapture, AForkedChildHasItsDescriptorBack) {
  const Ended ended = run("fork");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  std::istringstream text(ended.out);
  std::vector<std::string> lines;  // the child's goes another way, and comes when it likes
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  EXPECT_THAT(lines, ::testing::UnorderedElementsAre("before", "child", "after"));
  EXPECT_THAT(texts(ended.logs, "stdout"), ElementsAre("before", "after"));
}

TEST(DescriptorCapture, AForkedChildMayEndItOrExit) {
  const Ended ended = run("fork-and-end");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  EXPECT_EQ(ended.out, "child\nparent\nchild\nparent\n");
  EXPECT_THAT(texts(ended.logs, "stdout"), IsEmpty());
}

// Threads that print hold the lock of the capture at any time.
TEST(StreamCapture, AForkedChildPrintsOn) {
  const Ended ended = run("fork-stream");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  const auto lines = texts(ended.logs, "stream");
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], StartsWith("no end no end "));
  EXPECT_THAT(lines[0], Not(HasSubstr("child")));
}

TEST(DescriptorCapture, WhereTheProgramLeadsItMeanwhileStays) {
  const Ended ended = run("redirect");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  EXPECT_EQ(ended.out, "before\n");
  EXPECT_EQ(ended.error, "meanwhile\nafter\n");
  EXPECT_THAT(texts(ended.logs, "stdout"), ElementsAre("before"));
}

TEST(DescriptorCapture, LeavesTheStandardDescriptorsThatAreClosed) {
  const Ended ended = run("daemon");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  EXPECT_EQ(ended.error, "to stderr\n");
}

TEST(DescriptorCapture, WhatDoesNotGoOnIsCountedAndSaid) {
  const Ended ended = run("full");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  EXPECT_THAT(ended.error, HasSubstr("did not all go on"));
  EXPECT_THAT(texts(ended.logs, "stdout"), ElementsAre(std::string(6000, 'x')));
}

// It would wait for room in the pipe that only its own thread empties.
TEST(DescriptorCapture, ADiagnosticHandlerThatPrintsHangsNobody) {
  const Ended ended = run("handler-prints");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  EXPECT_THAT(texts(ended.logs, "stderr"), ElementsAre(std::string(6000, 'x'), "and more"));
}

TEST(DescriptorCapture, EndsAtExitWhileOthersBegin) {
  for (int i = 0; i < 20; ++i) {
    const Ended ended = run("exit-meanwhile");
    EXPECT_TRUE(exited_with(ended.status, 3)) << ended.status << ended.error;
  }
}

// Though one has been there before telemetry was.
TEST(DescriptorCapture, EndsAtExitBeforeTelemetryDoes) {
  const Ended ended = run("order");
  EXPECT_TRUE(exited_with(ended.status, 3)) << ended.error;
  EXPECT_THAT(texts(ended.logs, "stdout"), ElementsAre("buffered until exit"));
}

TEST(DescriptorCapture, EndsAtExitBeforeTheOneThatItLeadsInto) {
  const Ended ended = run("chained");
  EXPECT_TRUE(exited_with(ended.status, 3)) << ended.status << ended.error;
  EXPECT_EQ(ended.out, "buffered until exit\n");
  EXPECT_THAT(texts(ended.logs, "stderr"), ElementsAre("buffered until exit"));
  EXPECT_THAT(texts(ended.logs, "stdout"), ElementsAre("buffered until exit"));
}

TEST(DescriptorCapture, AgainAndAgainFromSeveralThreads) {
  const Ended ended = run("again");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 20 * 4 * 50);
  EXPECT_THAT(texts(ended.logs, "stdout"), SizeIs(20 * 4 * 50));
}

// As without a capture: the program is told by SIGPIPE.
TEST(DescriptorCapture, WhoseReaderIsGoneIsTold) {
  const Ended ended = run("reader-gone");
  EXPECT_TRUE(killed_by(ended.status, SIGPIPE)) << ended.error;
}

TEST(DescriptorCapture, ErrorsSayWhatIsWrong) {
  const auto zero = DescriptorCapture::start(0);
  ASSERT_FALSE(zero);
  EXPECT_THAT(zero.error().message(), HasSubstr("1 is stdout, 2 is stderr"));
  const Ended ended = run("errors");
  EXPECT_TRUE(exited_with(ended.status, 0)) << ended.error;
  EXPECT_THAT(ended.error, HasSubstr("descriptor 2 is captured already"));
  EXPECT_THAT(ended.error, HasSubstr("descriptor 1 cannot be captured: Bad file descriptor"));
}

}  // namespace
}  // namespace micromegas
