// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Runs the official program (official/) and the scenario.
#ifndef MICROMEGAS_TESTS_CONFORMANCE_OFFICIAL_H_
#define MICROMEGAS_TESTS_CONFORMANCE_OFFICIAL_H_

#include <string>
#include <vector>

#include "micromegas/tests/conformance/rows.h"

namespace micromegas::conformance {

struct Answer {
  bool ok = false;  // it ended with exit code 0
  std::string out;
  std::string error;  // names the file, when it was not ok
};

// `command`: "parser", "judge" or "rows". `./dev conformance` says where the program is; without it
// the test fails.
Answer ask_official(const std::string& command, const std::string& path);

// What the scenario (scenario.h) sent of a group, as for a server of a release: the requests in a
// folder, and what must be read in them. Made once in a test program.
struct Sent {
  std::string folder;
  std::vector<json> rows;
};
enum class Release { k033, k030 };
constexpr const char* kGroups[] = {"everything", "options", "windows", "terminate"};
const Sent& sent(const std::string& group, Release release);

// Of everything, for a new server.
const std::string& scenario_folder();
const std::vector<json>& expected_rows();

// A new folder with a copy of all files of `folder`.
std::string copy_of(const std::string& folder);
std::string new_folder();

// What is red about a folder: "" if the official program reads just `expected` in it.
std::string verdict(const std::string& folder, const std::vector<json>& expected, Depth depth);
std::string verdict(const Answer& answer, const std::vector<json>& expected, Depth depth);
// Of a verdict: its first difference in a line.
std::string first_difference(const std::string& verdict);

}  // namespace micromegas::conformance

#endif  // MICROMEGAS_TESTS_CONFORMANCE_OFFICIAL_H_
