// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>
#include <pthread.h>
#include <stdlib.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/bench/harness/library.h"
#include "micromegas/bench/harness/machine.h"
#include "micromegas/bench/harness/meeting.h"

namespace {

thread_local bool t_slow;

std::vector<nlohmann::json> rows_of(const std::string& question, const bench::Library& library) {
  testing::internal::CaptureStdout();
  EXPECT_TRUE(bench::ask({.question = question, .quick = true, .repetitions = 1}, library));
  std::istringstream said(testing::internal::GetCapturedStdout());
  std::vector<nlohmann::json> rows;
  for (std::string line; std::getline(said, line);) rows.push_back(nlohmann::json::parse(line));
  return rows;
}

// A library of which each second producer is a hundred times slower.
bench::Library uneven() {
  static std::atomic<int> begun;
  begun = 0;
  return {.name = "uneven",
          .cases = {{"case", 1,
                     [](const bench::Shape&, const bench::Case::Rest&) {
                       return std::vector<double>(10, t_slow ? 1000 : 10);
                     }}},
          .threads_cases = {"case"},
          .begin_thread = [] { t_slow = begun++ % 2 == 1; }};
}

TEST(Threads, TheSlowestProducerDecides) {
  std::vector<std::vector<double>> producers = {{1, 2, 3}, {100, 300, 200}, {2, 3, 4}};
  EXPECT_EQ(bench::slowest_median(producers), 200);
}

TEST(Threads, HaveARowForEachCaseAndNumber) {
  std::map<std::pair<std::string, unsigned>, double> medians;
  for (const auto& row : rows_of("threads", uneven())) {
    const auto [at, added] = medians.emplace(
        std::pair(row.at("case").get<std::string>(), row.at("threads").get<unsigned>()),
        row.at("median").get<double>());
    EXPECT_TRUE(added) << row;
  }
  EXPECT_EQ(medians.size(), 4u);
  EXPECT_GT((medians[{"clock_read", 1}]), 0);
  EXPECT_GT((medians[{"clock_read", 2}]), 0);
  EXPECT_EQ((medians[{"case", 2}]), 1000);
}

// Statements that count what they record; `events` is what they say that they do.
std::atomic<std::uint64_t> g_recorded;
bench::Library counting(int events) {
  bench::Case loud = bench::make_case("loud", 1, [](int) { ++g_recorded; });
  loud.events = events;
  return {.name = "counting",
          .cases = {loud},
          .threads_cases = {"loud"},
          .paced_case = "loud",
          .arrived = [] { return g_recorded.load(); }};
}

TEST(Books, AreOfTheEventsThatTheStatementsRecord) {
  for (const char* question : {"warm", "threads", "paced"}) {
    for (const auto& row : rows_of(question, counting(1))) {
      EXPECT_FALSE(row.contains("not_counted")) << row;
    }
  }
}

// One that records less or more than it should counts nowhere, nor does one that should be silent.
TEST(Books, RefuseARowWhoseEventsAreOthers) {
  for (const char* question : {"warm", "threads", "paced"}) {
    for (const int events : {0, 2}) {
      int refused = 0;
      for (const auto& row : rows_of(question, counting(events))) {
        if (row.at("case") == "clock_read") continue;
        EXPECT_TRUE(row.contains("not_counted")) << row;
        EXPECT_TRUE(row.at("median").is_null()) << row;
        ++refused;
      }
      EXPECT_GT(refused, 0) << question;
    }
  }
}

// Each producer in its turn says when its round began: nobody is a round ahead of another.
TEST(Meeting, LetsNobodyGoAhead) {
  constexpr int kProducers = 3;
  constexpr int kRounds = 2000;
  bench::Meeting meeting(kProducers);
  std::atomic<int> rounds[kProducers] = {};
  std::atomic<bool> ahead{false};
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      for (int round = 1; round <= kRounds; ++round) {
        rounds[p] = round;
        meeting.wait();
        for (const auto& other : rounds) ahead = ahead || other < round || other > round + 1;
      }
    });
  }
  for (auto& producer : producers) producer.join();
  EXPECT_FALSE(ahead);
}

TEST(ThreadCpu, IsOfThisName) {
  char name[16];
  ASSERT_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
  const auto ns = bench::thread_cpu_ns(name);
  ASSERT_TRUE(ns) << ns.error().message();
  EXPECT_GT(*ns, 0u);
}

TEST(ThreadCpu, OfNobodyIsNoFigure) {
  const auto ns = bench::thread_cpu_ns("nobody");
  ASSERT_FALSE(ns);
  EXPECT_NE(ns.error().message().find("no thread nobody"), std::string::npos);
}

TEST(ThreadCpu, ThatTheSystemDoesNotSayIsNoFigure) {
  std::string name = testing::TempDir() + "tasksXXXXXX";
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  const std::filesystem::path top = name;
  std::filesystem::create_directory(top / "12");
  std::ofstream(top / "12/comm") << "mm-flush\n";
  EXPECT_FALSE(bench::thread_cpu_ns("mm-flush", top));  // there is no schedstat
  std::ofstream(top / "12/schedstat") << "0 0 0\n";
  EXPECT_FALSE(bench::thread_cpu_ns("mm-flush", top));
  std::ofstream(top / "12/schedstat") << "5 0 1\n";
  const auto ns = bench::thread_cpu_ns("mm-flush", top);
  ASSERT_TRUE(ns) << ns.error().message();
  EXPECT_EQ(*ns, 5u);
  std::filesystem::remove_all(top);
}

}  // namespace
