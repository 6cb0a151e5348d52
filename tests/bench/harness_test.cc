// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>
#include <pthread.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/bench/harness/library.h"
#include "micromegas/bench/harness/machine.h"

namespace {

thread_local bool t_slow;

// A library of which each second producer is a hundred times slower.
bench::Library uneven() {
  static std::atomic<int> begun;
  begun = 0;
  return {.name = "uneven",
          .cases = {{"case", true,
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
  testing::internal::CaptureStdout();
  const bench::Asked asked{.question = "threads", .quick = true, .repetitions = 1};
  ASSERT_TRUE(bench::ask(asked, uneven()));
  std::map<std::pair<std::string, unsigned>, double> medians;
  std::istringstream said(testing::internal::GetCapturedStdout());
  for (std::string line; std::getline(said, line);) {
    const auto row = nlohmann::json::parse(line);
    const auto [at, added] = medians.emplace(
        std::pair(row.at("case").get<std::string>(), row.at("threads").get<unsigned>()),
        row.at("median").get<double>());
    EXPECT_TRUE(added) << line;
  }
  EXPECT_EQ(medians.size(), 4u);
  EXPECT_GT((medians[{"clock_read", 1}]), 0);
  EXPECT_GT((medians[{"clock_read", 2}]), 0);
  EXPECT_EQ((medians[{"case", 2}]), 1000);
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
