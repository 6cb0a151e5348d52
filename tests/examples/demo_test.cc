// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The demo over a small tree whose events can be counted by hand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/tests/support/program.h"
#include "micromegas/transport/collector/collector.h"

namespace micromegas {
namespace {

namespace fs = std::filesystem;
using collector::Collector;
using collector::EventCounts;
using testing::exited_with;
using ::testing::HasSubstr;
using testing::Program;

constexpr char kDemo[] = "examples/indexer_demo";
constexpr std::uint64_t kWorkers = 3;
constexpr std::uint64_t kEnd = 1;     // process_lifetime
constexpr std::uint64_t kTexts = 40;  // the cost is sampled at each worker's sixteenth
constexpr std::uint64_t kBinaries = 2;
constexpr std::uint64_t kFrequent = 3;  // words of more than three letters in a text

// The indexer's statements, counted by reading it.
constexpr std::uint64_t kLogs =
    1 /* found */ + kTexts + kBinaries + kWorkers + 1 /* indexed */ + kFrequent;
constexpr std::uint64_t kSpans = 3 /* index_folder, list_files, merge */ + kWorkers +
                                 2 * (kTexts + kBinaries) /* index_file, read */ +
                                 kTexts /* count_words */;

class DemoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    write("tree/.hidden", "not indexed");
    for (std::uint64_t i = 0; i < kTexts; ++i) {
      write("tree/" + std::to_string(i % 3) + "/" + std::to_string(i) + ".txt",
            "alpha beta alpha\ngamma alpha beta of\n");
    }
    for (std::uint64_t i = 0; i < kBinaries; ++i) {
      write("tree/" + std::to_string(i) + ".bin", std::string("\0binary", 7));
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, std::string_view content) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }

  // What --json wrote.
  nlohmann::json run(const std::string& url, const std::string& level = "") {
    const fs::path figures = folder_ / "figures.json";
    Program demo(kDemo,
                 {folder_ / "tree", "--workers", std::to_string(kWorkers), "--json", figures},
                 {{"MICROMEGAS_TELEMETRY_URL", url},
                  {"MICROMEGAS_LOG", level},
                  {"MICROMEGAS_SYSTEM_METRICS_PERIOD", "0"},  // its own events are counted
                  {"MICROMEGAS_TELEMETRY_PARENT_PROCESS", ""}});
    EXPECT_TRUE(exited_with(demo.end(), 0)) << demo.out() << demo.error();
    table_ = demo.out();
    std::ifstream in(figures);
    return nlohmann::json::parse(in, nullptr, false);
  }

  static void expect_kind(const nlohmann::json& figures, const char* kind, std::uint64_t events) {
    EXPECT_EQ(figures["kinds"][kind],
              (nlohmann::json{{"recorded", events}, {"delivered", events}, {"dropped", 0}}))
        << kind;
  }
  static void expect_everything(const nlohmann::json& figures) {
    expect_kind(figures, "log", kLogs);
    expect_kind(figures, "integer_metric", kTexts + kEnd);
    expect_kind(figures, "float_metric", kTexts);
    expect_kind(figures, "span", 2 * kSpans);
    expect_kind(figures, "async_span", 0);
    constexpr std::uint64_t kTotal = kLogs + 2 * kTexts + kEnd + 2 * kSpans;
    EXPECT_EQ(figures["total"],
              (nlohmann::json{{"recorded", kTotal}, {"delivered", kTotal}, {"dropped", 0}}));
    EXPECT_GT(figures["blocks"], 0);
    EXPECT_GT(figures["bytes"], 0);
  }

  fs::path folder_ = fs::path(::testing::TempDir()) /
                     ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::string table_;
};

TEST_F(DemoTest, DeliversEveryEventToItsOwnCollector) {
  const nlohmann::json figures = run("");
  ASSERT_TRUE(figures.is_object());
  expect_everything(figures);
  EXPECT_THAT(table_, HasSubstr("everything recorded was delivered"));
}

TEST_F(DemoTest, WritesTheFiguresOfTheTable) {
  const nlohmann::json figures = run("");
  ASSERT_TRUE(figures.is_object());
  const nlohmann::json& index = figures["index"];
  EXPECT_EQ(index["files"], kTexts);
  EXPECT_EQ(index["skipped"], kBinaries);
  EXPECT_EQ(index["bytes"], kTexts * 37);
  EXPECT_EQ(index["lines"], kTexts * 2);
  EXPECT_EQ(index["words"], kTexts * 7);
  EXPECT_EQ(index["frequent"], (nlohmann::json{{{"word", "alpha"}, {"count", 3 * kTexts}},
                                               {{"word", "beta"}, {"count", 2 * kTexts}},
                                               {{"word", "gamma"}, {"count", kTexts}}}));

  std::uint64_t files = 0;
  const nlohmann::json& spans = figures["slowest_spans"];
  ASSERT_EQ(spans.size(), 7U);
  EXPECT_THAT(table_, HasSubstr("slowest spans"));
  for (std::size_t i = 0; i < spans.size(); ++i) {
    EXPECT_LE(spans[i]["max_ns"], spans[i]["total_ns"]);
    EXPECT_GE(spans[i == 0 ? 0 : i - 1]["max_ns"], spans[i]["max_ns"]);
    if (spans[i]["name"] == "index_file") files = spans[i]["count"];
    EXPECT_THAT(table_, HasSubstr("\n" + spans[i]["name"].get<std::string>().substr(0, 24)));
  }
  EXPECT_EQ(files, kTexts + kBinaries);
}

TEST_F(DemoTest, SendsToTheServerOfTheEnvironment) {
  auto started = Collector::start();
  ASSERT_TRUE(started) << started.error().message();
  const std::unique_ptr<Collector> server = std::move(*started);
  const nlohmann::json figures = run(server->url());
  ASSERT_TRUE(figures.is_object());
  expect_everything(figures);
  EXPECT_EQ(figures["slowest_spans"], nlohmann::json::array()) << "only its own collector tells";

  server->stop();
  const EventCounts events = server->stats().events;
  EXPECT_EQ(events.logs, kLogs);
  EXPECT_EQ(events.integer_metrics, kTexts + kEnd);
  EXPECT_EQ(events.float_metrics, kTexts);
  EXPECT_EQ(events.span_begins, kSpans);
  EXPECT_EQ(events.span_ends, kSpans);
}

// A count that followed the calls and not the filters would be seen here.
TEST_F(DemoTest, CountsWhatTheFiltersLetThrough) {
  const nlohmann::json figures = run("", "info");
  ASSERT_TRUE(figures.is_object());
  expect_kind(figures, "log", kLogs - kTexts - kBinaries);
}

}  // namespace
}  // namespace micromegas
