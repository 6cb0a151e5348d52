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

// The folder that the scenario made for this test program, once: requests and expected.jsonl.
const std::string& scenario_folder();
const std::vector<json>& expected_rows();
// The same, for a server of release 0.30.
const std::string& scenario_folder_030();
const std::vector<json>& expected_rows_030();

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
