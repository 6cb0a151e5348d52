// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/conformance/official.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "micromegas/tests/support/program.h"

namespace micromegas::conformance {
namespace {

using micromegas::testing::Program;
namespace fs = std::filesystem;

std::string program_for(const std::string& command) {
  const char* variable = command == "rows" ? "MICROMEGAS_OFFICIAL_ROWS" : "MICROMEGAS_OFFICIAL";
  const char* path = std::getenv(variable);
  return path != nullptr ? path : "";
}

std::string run_scenario(const std::string& group, Release release) {
  std::string folder = new_folder();
  std::vector<std::string> arguments = {folder, group};
  if (release == Release::k030) arguments.emplace_back("0.30");
  Program scenario("tests/conformance/scenario", arguments);
  const int status = scenario.end();
  EXPECT_TRUE(micromegas::testing::exited_with(status, 0))
      << "the scenario ended with wait status " << status << ": " << scenario.error();
  return folder;
}

std::vector<json> read_expected(const std::string& folder) {
  std::ifstream in(folder + "/expected.jsonl");
  return parse_lines(std::string(std::istreambuf_iterator<char>(in), {}));
}

}  // namespace

Answer ask_official(const std::string& command, const std::string& path) {
  const std::string program = program_for(command);
  if (program.empty()) {
    ADD_FAILURE() << "where is the official program? Run this test by ./dev conformance";
    return {};
  }
  Program official(program, {command, path});
  Answer answer;
  answer.ok = micromegas::testing::exited_with(official.end(), 0);
  answer.out = official.out();
  answer.error = official.error();
  return answer;
}

std::string new_folder() {
  static std::atomic<int> count{0};
  const char* top = std::getenv("TEST_TMPDIR");
  const std::string folder =
      std::string(top != nullptr ? top : "/tmp") + "/folder-" + std::to_string(++count);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

std::string copy_of(const std::string& folder) {
  const std::string copy = new_folder();
  for (const auto& entry : fs::directory_iterator(folder)) {
    fs::copy_file(entry.path(), copy / entry.path().filename());
  }
  return copy;
}

const Sent& sent(const std::string& group, Release release) {
  static std::map<std::pair<std::string, Release>, Sent> all;
  const auto [at, is_new] = all.try_emplace({group, release});
  if (is_new) {
    at->second.folder = run_scenario(group, release);
    at->second.rows = read_expected(at->second.folder);
  }
  return at->second;
}

const std::string& scenario_folder() { return sent("everything", Release::k033).folder; }
const std::vector<json>& expected_rows() { return sent("everything", Release::k033).rows; }

std::string verdict(const std::string& folder, const std::vector<json>& expected, Depth depth) {
  return verdict(ask_official(depth == Depth::kRows ? "rows" : "parser", folder), expected, depth);
}

std::string first_difference(const std::string& verdict) {
  const std::size_t head = verdict.find(" difference(s)\n  ");
  const std::size_t begin = head == std::string::npos ? 0 : head + 17;
  return verdict.substr(begin, std::min<std::size_t>(verdict.find('\n', begin) - begin, 200));
}

std::string verdict(const Answer& answer, const std::vector<json>& expected, Depth depth) {
  if (!answer.ok) return answer.error.empty() ? "it ended without a word" : answer.error;
  try {
    Rows read;
    if (depth == Depth::kParser) {
      read = rows_of_events(parse_lines(answer.out));
    } else {
      read.rows = parse_lines(answer.out);
    }
    for (std::string& difference : compare(expected, read.rows, depth)) {
      read.wrong.push_back(std::move(difference));
    }
    return read.wrong.empty() ? "" : summary(read.wrong);
  } catch (const std::exception& error) {
    return std::string("what it printed makes no rows: ") + error.what();
  }
}

}  // namespace micromegas::conformance
