// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "micromegas/bench/harness/library.h"
#include "micromegas/bench/harness/row.h"
#include "micromegas/bench/report/ask.h"
#include "micromegas/bench/report/calm.h"
#include "micromegas/bench/report/picture.h"
#include "micromegas/bench/report/readme.h"
#include "micromegas/bench/report/turns.h"

namespace {

using bench::Row;

Row row(const std::string& name, double median) {
  return {.question = "warm",
          .name = name,
          .library = "micromegas-cpp",
          .unit = "ns",
          .median = median,
          .min = median - 1,
          .max = median + 1,
          .ratio = median / 10};
}

// What Calm does with a machine that is so disturbed, look for look.
std::string steps(std::chrono::seconds patience, std::vector<double> looks, bool& calm) {
  std::reverse(looks.begin(), looks.end());
  std::string steps;
  bench::Calm machine(patience, [&] {
    steps += 'l';
    const double seen = looks.back();
    looks.pop_back();
    return seen;
  });
  const auto measure = [&steps] {
    steps += 'M';
    return true;
  };
  calm = machine.run(measure);
  if (!looks.empty()) calm &= machine.run(measure);
  EXPECT_TRUE(looks.empty());
  return steps;
}

TEST(Calm, IsWaitedForAndMustLast) {
  constexpr double kCalm = bench::Calm::kCalm;
  constexpr double kDisturbed = kCalm + 0.1;
  bool calm = false;
  EXPECT_EQ(steps(std::chrono::hours(1), {kDisturbed, 11, kCalm, 2}, calm), "lllMl");
  EXPECT_TRUE(calm);
  // Asked again; and the last look of one measurement is the first of the next.
  EXPECT_EQ(steps(std::chrono::hours(1), {2, kDisturbed, 2, 3, 2}, calm), "lMllMlMl");
  EXPECT_TRUE(calm);
}

TEST(Calm, IsNotWaitedForWithoutPatience) {
  bool calm = true;
  EXPECT_EQ(steps(std::chrono::seconds(0), {11, 2}, calm), "MlMl");
  EXPECT_FALSE(calm);
}

Row of_turn(const std::string& name, double median, double ratio) {
  return {.name = name, .median = median, .min = median, .max = median, .ratio = ratio};
}

TEST(Calm, DoesNotHideWhatWentWrong) {
  std::vector<double> looks{bench::Calm::kCalm + 1, 1};  // from the end
  bench::Calm calm(std::chrono::hours(1), [&looks] {
    const double seen = looks.back();
    looks.pop_back();
    return seen;
  });
  int measured = 0;
  EXPECT_FALSE(calm.run([&measured] { return ++measured > 1; }));
  EXPECT_EQ(measured, 1);
}

TEST(Turns, MergeWhatTheProgramsSay) {
  const double medians[] = {30, 10, 20};
  int asked = 0;
  const auto answers = bench::ask_in_turns(2, 3, [&](std::size_t program) {
    const double median = medians[asked++ / 2] + 100.0 * static_cast<double>(program);
    return bench::Answer{{of_turn("p50", median, 50 - median), of_turn("p99", 1, 0)}, {}};
  });
  EXPECT_EQ(asked, 6);
  ASSERT_EQ(answers.size(), 2U);
  ASSERT_EQ(answers[0].rows.size(), 2U);
  const Row& merged = answers[0].rows[0];
  EXPECT_EQ(merged.name, "p50");
  EXPECT_EQ(merged.median, 20);
  EXPECT_EQ(merged.min, 10);
  EXPECT_EQ(merged.max, 30);
  EXPECT_EQ(merged.ratio, 30);
  EXPECT_EQ(answers[1].rows[0].median, 120);
}

TEST(Turns, KeepWhatDoesNotCountAndAskNoMoreOfWhatFailed) {
  int asked[2] = {};
  const auto answers = bench::ask_in_turns(2, 3, [&](std::size_t program) {
    bench::Answer answer{{of_turn("p50", 1, 1)}, {}};
    if (++asked[program] == 2) {
      if (program == 0) answer.why = "ended with 3";
      if (program == 1) answer.rows[0].not_counted = "recorded 2, arrived 1";
    }
    return answer;
  });
  EXPECT_EQ(asked[0], 2);
  EXPECT_EQ(asked[1], 3);
  EXPECT_EQ(answers[0].why, "ended with 3");
  EXPECT_EQ(answers[1].why, "");
  EXPECT_EQ(answers[1].rows.at(0).not_counted, "recorded 2, arrived 1");
}

TEST(Calm, IsInClockReads) {
  const double seen = bench::disturbance();
  EXPECT_GT(seen, 0.9);  // the loop of the floor holds a clock read
  EXPECT_LT(seen, 1e6);
}

TEST(Rows, JsonHasWhatTheSchemaSays) {
  const auto json = nlohmann::json::parse(to_json(row("int+double+string", 12.5)));
  EXPECT_EQ(json.at("question"), "warm");
  EXPECT_EQ(json.at("case"), "int+double+string");
  EXPECT_EQ(json.at("library"), "micromegas-cpp");
  EXPECT_EQ(json.at("threads"), 1);
  EXPECT_EQ(json.at("unit"), "ns");
  EXPECT_EQ(json.at("median"), 12.5);
  EXPECT_EQ(json.at("min"), 11.5);
  EXPECT_EQ(json.at("max"), 13.5);
  EXPECT_EQ(json.at("ratio"), 1.25);
}

TEST(Rows, WhatIsNotCountedHasNoFigure) {
  Row bad = row("literal", 12);
  bad.not_counted = "a \"quoted\"\nreason";
  const auto json = nlohmann::json::parse(to_json(bad));
  EXPECT_TRUE(json.at("median").is_null());
  EXPECT_EQ(json.at("not_counted"), "a \"quoted\" reason");
}

TEST(Rows, AreTheMedianAndTheSpreadOfTheRepetitions) {
  const Row made = bench::summarize("warm", "literal", "x", 2, "ns", {30, 10, 20, 50, 40}, 10);
  EXPECT_EQ(made.median, 30);
  EXPECT_EQ(made.min, 10);
  EXPECT_EQ(made.max, 50);
  EXPECT_EQ(made.ratio, 3);
}

TEST(Picture, IsTheSameForTheSameRows) {
  const std::vector<Row> rows = {row("literal", 10), row("a <b> & c", 1000)};
  const std::string picture = bench::picture("warm", "a machine", rows);
  EXPECT_EQ(picture, bench::picture("warm", "a machine", rows));
  EXPECT_NE(picture.find("a &lt;b> &amp; c"), std::string::npos);
  EXPECT_TRUE(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
}

TEST(Picture, OfNothingIsNone) {
  Row bad = row("literal", 12);
  bad.not_counted = "why";
  EXPECT_EQ(bench::picture("warm", "a machine", {bad}), "");
}

TEST(Readme, WithoutAPlaceForTablesIsLeftAlone) {
  EXPECT_EQ(bench::with_tables("no place", "a machine", {row("literal", 10)}), "");
}

std::string tables(const std::vector<Row>& rows) {
  return bench::with_tables("<!-- bench -->\n<!-- /bench -->", "a machine", rows);
}

TEST(Readme, HasEachNumberOfProducersBesideTheOthers) {
  std::vector<Row> rows;
  for (const unsigned threads : {1U, 2U, 4U, 16U}) {
    for (const char* library : {"micromegas-cpp", "other"}) {
      rows.push_back(row("literal", threads * 10));
      rows.back().question = "threads";
      rows.back().threads = threads;
      rows.back().library = library;
    }
  }
  const std::string text = tables(rows);
  EXPECT_NE(text.find("| micromegas-cpp | other |"), std::string::npos) << text;
  EXPECT_NE(text.find("| literal, 1 | 10 | 1.00 (0.90 to 1.10) |"), std::string::npos) << text;
  EXPECT_NE(text.find("| literal, 16 | 160 | 16 |"), std::string::npos) << text;
}

TEST(Readme, WhatIsNotCountedHasNoFigure) {
  std::vector<Row> rows = {row("literal", 10), row("idle_threads", 3)};
  rows[1].question = "memory";
  for (Row& bad : rows) bad.not_counted = "an event was lost";
  const std::string text = tables(rows);
  EXPECT_NE(text.find("| literal | | not counted |"), std::string::npos) << text;
  EXPECT_NE(text.find("| idle_threads | micromegas-cpp | 1 | ns | not counted | | |"),
            std::string::npos)
      << text;
}

TEST(Readme, WhatIsMissingAndWhatFailedIsNamed) {
  std::vector<Row> rows = {row("literal", 10)};
  for (const char* question : {"warm", "paced"}) {
    rows.push_back({.question = question,
                    .name = bench::kMissing,
                    .library = "Absent",
                    .not_counted = "missing: not here"});
  }
  rows.push_back({.question = "paced",
                  .name = bench::kFailed,
                  .library = "Broken",
                  .not_counted = "failed: ended by signal 11"});
  const std::string text = tables(rows);
  EXPECT_NE(text.find("Missing: Absent (not here); "
                      "Broken in paced (failed: ended by signal 11).\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("1,000 log statements:\n\nNot measured.\n"), std::string::npos) << text;
}

// A program of the bench that is this script.
class Program {
 public:
  explicit Program(const std::string& script)
      : path_(testing::TempDir() + "program" + std::to_string(getpid())) {
    std::ofstream(path_) << "#!/bin/bash\n" << script << "\n";
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  }
  ~Program() { std::filesystem::remove(path_); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::string ask(std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    return bench::ask_program(path_, {"--question", "warm", "--quick"}, limit,
                              [this](const Row& row) { rows.push_back(row); });
  }
  std::vector<Row> rows;

 private:
  std::string path_;
};

const std::string kEcho = "cat <<'TEXT'\n" + to_json(row("literal", 10)) + "\nTEXT\n";

TEST(Ask, ReadsTheRowsOfTheQuestion) {
  Program program("[[ $* == '--question warm --quick' ]] || exit 1\n" + kEcho + kEcho);
  EXPECT_EQ(program.ask(), "");
  ASSERT_EQ(program.rows.size(), 2u);
  EXPECT_EQ(program.rows[0].name, "literal");
  EXPECT_EQ(program.rows[0].median, 10);
}

TEST(Ask, TellsHowAProgramFailed) {
  EXPECT_EQ(Program("exit 64").ask(), "");  // not its question
  EXPECT_EQ(Program("exit 3").ask(), "ended with 3");
  EXPECT_EQ(Program(kEcho + "kill -SEGV $$").ask(), "ended by signal 11");
  EXPECT_EQ(Program("true").ask(), "has no row");
  EXPECT_NE(Program("echo '{'").ask(), "");
  EXPECT_EQ(bench::ask_program("/nowhere", {}, std::chrono::seconds(60), [](const Row&) {}),
            "cannot be started");
}

TEST(Ask, EndsAProgramThatHangsAndWhatItHasStarted) {
  const std::string pids = testing::TempDir() + "pids" + std::to_string(getpid());
  Program program("trap '' TERM\nsleep 1000 & echo $! >" + pids + "\n" + kEcho +
                  "wait; sleep 1000");
  EXPECT_EQ(program.ask(std::chrono::seconds(5)), "has not ended after 5 s");
  EXPECT_EQ(program.rows.size(), 1u);
  pid_t pid = 0;
  std::ifstream(pids) >> pid;
  ASSERT_GT(pid, 0);
  std::filesystem::remove(pids);
  std::string stat;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  do {  // until it is gone, or a zombie that nobody has waited for yet
    stat.clear();
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), stat);
  } while (!stat.empty() && stat.find(") Z") == std::string::npos &&
           std::chrono::steady_clock::now() < end);
  EXPECT_TRUE(stat.empty() || stat.find(") Z") != std::string::npos) << stat;
}

}  // namespace
