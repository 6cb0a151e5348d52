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
extern const char* const kQuoted[];
}  // namespace samples

TEST(Samples, AreCompiled) { EXPECT_GE(samples::kCompiled, 8); }

TEST(Samples, ShowTheExampleAsItIs) {
  std::ifstream file("examples/hello.cc");
  ASSERT_TRUE(file) << "examples/hello.cc is not in the test's data";
  const std::string source((std::istreambuf_iterator<char>(file)), {});
  ASSERT_NE(samples::kQuoted[0], nullptr);
  for (const char* const* quoted = samples::kQuoted; *quoted != nullptr; ++quoted) {
    EXPECT_NE(source.find(*quoted), std::string::npos) << *quoted;
  }
}
