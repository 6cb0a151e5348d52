// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How programs end, and what of it is in their data: a fatal log, a metric, or nothing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/tests/support/program.h"
#include "micromegas/transport/collector/collector.h"
#include "micromegas/transport/wire/rows.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using collector::Collector;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::exited_with;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::killed_by;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::Program;
using ::testing::StartsWith;

constexpr char kProgram[] = "tests/telemetry/end_program";

struct Ended {
  int status = 0;
  std::string out;
  std::string error;
};

Ended end_by(const std::string& way, const std::string& url = "",
             const std::string& verbosity = "") {
  Program program(kProgram, {way},
                  {{"MICROMEGAS_TELEMETRY_URL", url}, {"MICROMEGAS_MAX_VERBOSITY", verbosity}});
  const int status = program.end();
  return {status, program.out(), program.error()};
}

std::string fatal(const std::string& text, const std::string& thread = "end_program") {
  return "FATAL \\[micromegas\\] std::terminate in thread " + thread + " \\([0-9]+\\): " + text +
         "\n";
}

// --- std::terminate ---

TEST(Terminate, TheExceptionsTextIsInAFatalLog) {
  const std::pair<const char*, const char*> cases[] = {
      {"throw", "std::runtime_error: disk full"},
      {"noexcept", "std::runtime_error: not here"},
      {"odd", ".*::Odd"},
      {"int", "int"},
      {"string", "std::__cxx11::basic_string<.*>: a string"},
      {"literal", "char const\\*: a literal"},
      {"what-logs", ".*::Logging: it logs"},
      {"terminate", "without an exception"},
      {"unjoined", "without an exception"},
      {"no-more-threads", "std::runtime_error: no threads left"},
  };
  for (const auto& [way, text] : cases) {
    const Ended ended = end_by(way);
    EXPECT_TRUE(killed_by(ended.status, SIGABRT)) << way;
    EXPECT_THAT(ended.out, MatchesRegex(fatal(text))) << way;
  }
}

// The standard library's handler does not survive it.
TEST(Terminate, AnExceptionWithoutATextIsLoggedToo) {
  EXPECT_THAT(end_by("silent").out, MatchesRegex(fatal(".*::Silent: \\(null\\)")));
}

TEST(Terminate, ThePreviousHandlerStillSaysItToo) {
  EXPECT_THAT(end_by("throw").error, HasSubstr("terminate called after throwing"));
}

TEST(Terminate, NamesTheThread) {
  const Ended ended = end_by("thread");
  EXPECT_TRUE(killed_by(ended.status, SIGABRT));
  EXPECT_THAT(ended.out, MatchesRegex(fatal("std::runtime_error: in a thread", "worker")));
}

TEST(Terminate, TellsWhatCausedWhat) {
  EXPECT_THAT(end_by("nested").out,
              MatchesRegex(fatal("std::_Nested_exception<std::logic_error>: request 5 failed; "
                                 "caused by std::_Nested_exception<std::runtime_error>: cannot "
                                 "book; caused by std::out_of_range: no seat 7")));
}

TEST(Terminate, CutsWhatIsTooLong) {
  const Ended ended = end_by("long");
  EXPECT_THAT(ended.out, HasSubstr("std::runtime_error: xxxx"));
  EXPECT_LT(ended.out.size(), 10'000u);
}

TEST(Terminate, InTwoThreadsAtOnceIsToldAtLeastOnce) {
  for (int i = 0; i < 20; ++i) {
    const Ended ended = end_by("two-threads");
    EXPECT_TRUE(killed_by(ended.status, SIGABRT));
    EXPECT_THAT(ended.out, StartsWith("FATAL [micromegas] std::terminate in thread "));
    EXPECT_THAT(ended.out, HasSubstr("std::runtime_error: "));
  }
}

TEST(Terminate, AnExceptionThatCannotBeAskedIsPassedOn) {
  const Ended ended = end_by("what-throws");
  EXPECT_TRUE(killed_by(ended.status, SIGABRT));
  EXPECT_THAT(ended.out, IsEmpty());
  EXPECT_THAT(ended.error, HasSubstr("in what()"));
}

TEST(Terminate, EndsInTimeWhateverIsBroken) {
  for (const char* way :
       {"briefly-what-hangs", "briefly-in-a-sink", "briefly-beside-a-stuck-sink"}) {
    const auto begin = std::chrono::steady_clock::now();
    const Ended ended = end_by(way);
    EXPECT_TRUE(killed_by(ended.status, SIGABRT)) << way;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s) << way;
    if (std::string(way) == "briefly-what-hangs") {
      EXPECT_THAT(ended.error, HasSubstr("could not be sent in time"));
    } else {
      EXPECT_THAT(ended.error, HasSubstr("micromegas: std::terminate in thread")) << way;
    }
  }
}

TEST(Terminate, APreviousHandlerRunsAfterTheLog) {
  const Ended ended = end_by("previous");
  EXPECT_TRUE(exited_with(ended.status, 7));
  EXPECT_THAT(ended.out,
              MatchesRegex(fatal("std::runtime_error: passed on") + "previous handler\n"));
}

TEST(Terminate, AHandlerThatWasInstalledOnTopIsLeftThere) {
  Ended ended = end_by("foreign");
  EXPECT_TRUE(exited_with(ended.status, 7));
  EXPECT_THAT(ended.out, MatchesRegex("foreign handler\n" + fatal("std::runtime_error: passed on") +
                                      "previous handler\n"));
  // Ours is now above it and below it, and each runs once.
  ended = end_by("foreign-again");
  EXPECT_TRUE(exited_with(ended.status, 7));
  EXPECT_THAT(ended.out,
              MatchesRegex("end, ns, shutdown\n" + fatal("std::runtime_error: passed on") +
                           "foreign handler\nprevious handler\n"));
}

TEST(Terminate, WithoutTelemetryIsAsEver) {
  EXPECT_THAT(end_by("unhandled").out, IsEmpty());
  const Ended late = end_by("after-shutdown");
  EXPECT_TRUE(killed_by(late.status, SIGABRT));
  EXPECT_EQ(late.out, "end, ns, shutdown\n");
}

TEST(Terminate, OfAForkedChildIsTheChildsAffair) {
  const Ended ended = end_by("in-a-child");
  EXPECT_TRUE(exited_with(ended.status, 0));
  EXPECT_EQ(ended.out, "child: 6\nend, ns, guard\n");
}

// --- clean ends ---

TEST(CleanEnd, IsAMetricWithItsReason) {
  for (const char* reason : {"guard", "shutdown", "exit"}) {
    const Ended ended = end_by(reason);
    EXPECT_TRUE(exited_with(ended.status, 0)) << reason;
    EXPECT_EQ(ended.out, "end, ns, " + std::string(reason) + "\n");
  }
  EXPECT_EQ(end_by("exit-from-a-thread").out, "end, ns, exit\n");
}

TEST(CleanEnd, IsRecordedWhateverTheFilters) {
  EXPECT_EQ(end_by("quiet-levels").out, "end, ns, guard\n");
  for (const char* way : {"guard", "shutdown", "exit", "SIGTERM"}) {
    EXPECT_EQ(end_by(way, "", "off").out, "end, ns, " + std::string(way) + "\n");
  }
}

TEST(CleanEnd, NamesTheSignalThatEndsTheProcess) {
  for (const auto& [name, signal] :
       {std::pair("SIGTERM", SIGTERM), std::pair("SIGINT", SIGINT), std::pair("SIGHUP", SIGHUP)}) {
    const Ended ended = end_by(name);
    EXPECT_TRUE(killed_by(ended.status, signal)) << name;
    EXPECT_EQ(ended.out, "end, ns, " + std::string(name) + "\n");
  }
}

TEST(CleanEnd, IsNotASignalThatTheProgramHandles) {
  const Ended ended = end_by("handled-signal");
  EXPECT_TRUE(exited_with(ended.status, 0));
  EXPECT_EQ(ended.out, "end, ns, guard\n");
}

TEST(CleanEnd, IsMissingOtherwise) {
  for (const char* way : {"_exit", "SIGKILL", "throw"}) {
    EXPECT_THAT(end_by(way).out, Not(HasSubstr("end, ns"))) << way;
  }
}

// --- over the wire ---

// What the official software would show of fatal logs and clean ends.
class Received : public collector::CollectorObserver {
 public:
  void on_block(const wire::DecodedProcess& process, const wire::DecodedStream& stream,
                const wire::DecodedBlock& block) override {
    const std::lock_guard lock(mutex_);
    const auto has_tag = [&](std::string_view tag) {
      return std::find(stream.tags.begin(), stream.tags.end(), tag) != stream.tags.end();
    };
    if (has_tag("log")) {
      EXPECT_TRUE(wire::for_each_log_row(process, stream, block, [&](const wire::LogRow& row) {
        if (row.level == 1) seen_.push_back(std::string(row.target) + ": " + std::string(row.msg));
      }));
    } else if (has_tag("metrics")) {
      EXPECT_TRUE(
          wire::for_each_metric_row(process, stream, block, [&](const wire::MetricRow& row) {
            if (row.name != "process_lifetime") return;
            ASSERT_EQ(row.properties.size(), 1u);
            seen_.push_back(std::string(row.properties[0].name) + ": " +
                            std::string(row.properties[0].value));
          }));
    }
  }
  std::vector<std::string> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> seen_;
};

TEST(EndOverTheWire, AServerSeesWhoDiedAndWhoEnded) {
  const std::pair<const char*, const char*> cases[] = {
      {"throw",
       "micromegas: std::terminate in thread end_program \\([0-9]+\\): "
       "std::runtime_error: disk full"},
      {"guard", "reason: guard"},
      {"SIGTERM", "reason: SIGTERM"},
  };
  for (const auto& [way, line] : cases) {
    Received received;
    const auto collector = Collector::start({.observer = &received});
    ASSERT_TRUE(collector) << collector.error().message();
    end_by(way, (*collector)->url());
    (*collector)->stop();
    EXPECT_THAT(received.seen(), ElementsAre(MatchesRegex(line))) << way;
  }
}

TEST(EndOverTheWire, ADeadServerIsWaitedForNoLongerThanTheDeadline) {
  const auto begin = std::chrono::steady_clock::now();
  const Ended ended = end_by("briefly-throw", "http://127.0.0.1:9");
  EXPECT_TRUE(killed_by(ended.status, SIGABRT));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
  EXPECT_THAT(ended.out, MatchesRegex(fatal("std::runtime_error: disk full")));
  EXPECT_THAT(ended.error, HasSubstr("micromegas: std::terminate in thread"));
}

}  // namespace
}  // namespace micromegas
