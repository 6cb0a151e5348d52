// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a program in C records with micromegas.h, as a collector gets it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "micromegas/micromegas.h"
#include "micromegas/tests/interop/received.h"
#include "micromegas/tests/support/program.h"

namespace micromegas {
namespace {

using ::testing::ElementsAre;
using testing::exited_with;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::killed_by;
using testing::Program;
using testing::Received;
using ::testing::SizeIs;
using Properties = Received::Properties;

constexpr char kProgram[] = "tests/interop/c_program";

// No level of the environment's, no period of its own.
Program::Environment environment(const std::string& url = "") {
  return {{"MICROMEGAS_TELEMETRY_URL", url},
          {"MICROMEGAS_TELEMETRY_SINK_MAX_LEVEL", "trace"},
          {"MICROMEGAS_LOG", ""}};
}

TEST(CApi, TheOfficialFunctionsMeanWhatTheyMeanThere) {
  Received received;
  Program program(kProgram, {"official", received.url()}, environment());
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.out() << program.error();
  received.stop();
  EXPECT_EQ(received.refused(), 0u);
  ASSERT_THAT(received.processes(), SizeIs(1));
  const Properties process = received.processes()[0];
  EXPECT_EQ(process.at("service"), "import");
  EXPECT_EQ(process.at("region"), "eu \xef\xbf\xbd");
  EXPECT_EQ(process.count(""), 0u);
  EXPECT_EQ(process.count("no value"), 0u);
  EXPECT_EQ(process.count("micromegas.x"), 0u);
  EXPECT_THAT(program.error(), HasSubstr("'micromegas.x' is left out"));

  std::vector<Received::Log> logs;
  for (const int level : {6, 1, 2, 3, 4, 5, 6, 6}) logs.push_back({level, "levels", "text", {}});
  logs.push_back({4, "capi", "no target {not a placeholder}", {}});
  logs.push_back({4, "bad \xef\xbf\xbd", "bad \xef\xbf\xbd text", {}});
  EXPECT_EQ(received.logs(), logs);
  EXPECT_EQ(received.metrics(),
            (std::vector<Received::Metric>{{"capi", "depth", "count", 7, {}},
                                           {"capi", "depth", "", 18446744073709551615.0, {}},
                                           {"capi", "load", "percent", 0.5, {}}}));
  // A line for the second mm_init(), and nothing on the console.
  EXPECT_THAT(program.error(), HasSubstr("mm_init: init_telemetry: telemetry is already running"));
  EXPECT_THAT(program.error(), ::testing::Not(HasSubstr("[levels]")));
}

// A plug-in in a program that runs telemetry already.
TEST(CApi, WithoutAHandleNothingOfTheHostsTelemetryIsTouched) {
  Received received;
  Program program(kProgram, {"no-handle", received.url()}, environment());
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.out() << program.error();
  received.stop();
  EXPECT_EQ(received.logs(), (std::vector<Received::Log>{{4, "host", "a log", {}},
                                                         {4, "host", "and one more", {}}}));
  EXPECT_THAT(received.metrics(), IsEmpty());
  EXPECT_EQ(received.thread_names(), std::set<std::string>{"host"});
  const std::vector<Received::Span> spans = received.spans();
  ASSERT_THAT(spans, SizeIs(2));
  for (const Received::Span& span : spans) EXPECT_EQ(span.name, "of the host");
}

// No period and no end hands it over. As there, the handle does not matter.
TEST(CApi, AFlushHandsEverythingOver) {
  for (const char* way : {"flush", "flush-without-handle"}) {
    Received received;
    Program::Environment quiet = environment();
    quiet["MICROMEGAS_FLUSH_PERIOD"] = "3600";
    quiet["MICROMEGAS_SYSTEM_METRICS_PERIOD"] = "0";
    Program program(kProgram, {way, received.url()}, quiet);
    EXPECT_EQ(program.read_line(), "flushed") << way;
    EXPECT_TRUE(received.wait_for([](const auto& stats) {
      return stats.events.logs == 2 && stats.events.integer_metrics == 2;
    })) << way;
    EXPECT_TRUE(killed_by(program.end_by(SIGKILL), SIGKILL));
    received.stop();
    ASSERT_THAT(received.logs(), SizeIs(2)) << way;
    EXPECT_EQ(received.logs()[1].text, "handed over");
  }
}

// The only way to give it credentials.
TEST(CApi, CredentialsAreTheEnvironments) {
  Received received("mmk_of_a_test");
  Program::Environment with_key = environment();
  with_key["MICROMEGAS_INGESTION_API_KEY"] = "mmk_of_a_test";
  Program program(kProgram, {"official", received.url()}, with_key);
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.out() << program.error();
  received.stop();
  EXPECT_EQ(received.refused(), 0u);
  EXPECT_THAT(received.logs(), SizeIs(10));
}

TEST(CApi, SpansPropertiesAndFilters) {
  Received received;
  Program program(kProgram, {"further", received.url()}, environment());
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.out() << program.error();
  received.stop();
  const Properties pairs = {{"route", "/x"}, {"empty", ""}};
  EXPECT_EQ(received.logs(), (std::vector<Received::Log>{{3, "props", "with pairs", pairs},
                                                         {3, "props", "without", {}},
                                                         {3, "props", "absurd", {}},
                                                         {2, "props", "passes", {}}}));
  EXPECT_EQ(received.metrics(),
            (std::vector<Received::Metric>{{"capi", "hits", "count", 3, {{"route", "/x"}}},
                                           {"capi", "ratio", "", 0.25, {{"route", "/x"}}}}));
  std::vector<std::string> order;
  std::map<std::string, Properties> ends;
  std::map<std::string, Received::Span> asyncs;
  for (const Received::Span& span : received.spans()) {
    order.push_back((span.begins ? "+" : "-") + span.name);
    if (!span.begins) ends[span.name] = span.properties;
    if (span.is_async) asyncs.emplace(span.name, span);
  }
  EXPECT_THAT(order, ElementsAre("+outer", "+inner", "-inner", "-outer", "+root", "+child",
                                 "-child", "-root"));
  EXPECT_EQ(ends["inner"], (Properties{{"route", "/x"}}));
  EXPECT_THAT(ends["outer"], IsEmpty());
  EXPECT_EQ(ends["child"], (Properties{{"route", "/x"}}));
  EXPECT_EQ(asyncs.at("root").parent, 0u);
  EXPECT_EQ(asyncs.at("child").parent, asyncs.at("root").id);
  EXPECT_EQ(asyncs.at("child").depth, 1u);
  EXPECT_THAT(program.error(), HasSubstr("'loud' is no level"));
  EXPECT_THAT(program.error(), HasSubstr("properties given at run time are left out"));
}

TEST(CApi, InitAfterShutdownAndFromAnyThread) {
  Received received;
  // The url of the environment.
  Program program(kProgram, {"again"}, environment(received.url()));
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.out() << program.error();
  received.stop();
  EXPECT_THAT(received.processes(), SizeIs(3));
  EXPECT_THAT(received.logs(), SizeIs(3 * 4 * 1000));
  EXPECT_THAT(received.metrics(), SizeIs(3 * 4 * 1000));
  EXPECT_THAT(received.spans(), SizeIs(3 * 4 * 1000 * 2));
}

TEST(CApi, WhatCannotBeStartedSaysSoAndHarmsNobody) {
  Received received;
  // An empty url is none, whatever the environment says.
  Program program(kProgram, {"nothing"}, environment(received.url()));
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.out() << program.error();
  received.stop();
  EXPECT_THAT(received.processes(), IsEmpty());
  EXPECT_THAT(program.error(), HasSubstr("mm_init: "));
  EXPECT_THAT(program.error(), HasSubstr("nonsense://x"));
}

// The layout and the types that a program built for the official library has.
TEST(CApi, IsTheOfficialBinaryInterface) {
  static_assert(sizeof(MmConfig) == 32 && offsetof(MmConfig, property_keys) == 8 &&
                offsetof(MmConfig, property_values) == 16 &&
                offsetof(MmConfig, property_count) == 24);
  MmHandle* (*init)(const MmConfig*) = &mm_init;
  void (*shutdown)(MmHandle*) = &mm_shutdown;
  void (*log)(MmHandle*, int, const char*, const char*) = &mm_log;
  void (*metric_i)(MmHandle*, const char*, const char*, std::uint64_t) = &mm_metric_i;
  void (*metric_f)(MmHandle*, const char*, const char*, double) = &mm_metric_f;
  void (*flush)(MmHandle*) = &mm_flush;
  for (auto* function : {reinterpret_cast<void*>(init), reinterpret_cast<void*>(shutdown),
                         reinterpret_cast<void*>(log), reinterpret_cast<void*>(metric_i),
                         reinterpret_cast<void*>(metric_f), reinterpret_cast<void*>(flush)}) {
    EXPECT_NE(function, nullptr);
  }
}

}  // namespace
}  // namespace micromegas
