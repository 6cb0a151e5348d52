// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The documents' samples compile, by being part of this test (extract_samples), and those that show
// a file of the repository show it as it is.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace samples {
extern const int kCompiled;
extern const char* const kQuoted[][2];
}  // namespace samples

TEST(Samples, AreCompiled) { EXPECT_GE(samples::kCompiled, 8); }

TEST(Samples, ShowFilesAsTheyAre) {
  int shown = 0;
  for (const auto* sample = samples::kQuoted; (*sample)[0] != nullptr; ++sample) {
    const auto& [path, quoted] = *sample;
    std::ifstream file(path);
    ASSERT_TRUE(file) << path << " is not in the test's data";
    const std::string source((std::istreambuf_iterator<char>(file)), {});
    EXPECT_NE(source.find(quoted), std::string::npos) << path << ": " << quoted;
    ++shown;
  }
  EXPECT_GE(shown, 2);
}
