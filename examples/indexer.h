// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A real job for the demo: indexes a folder of text files with a pool of workers (bytes, lines,
// words, the most frequent words), instrumented as any program would be.
#ifndef MICROMEGAS_EXAMPLES_INDEXER_H_
#define MICROMEGAS_EXAMPLES_INDEXER_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace indexer {

struct Index {
  std::uint64_t files = 0;
  std::uint64_t skipped = 0;  // not readable, or not text
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t words = 0;
  std::vector<std::pair<std::string, std::uint64_t>> frequent;  // words, the most frequent first

  // What the workers saw: nanoseconds per event, sampled around single statements.
  std::vector<double> event_cost_ns;
};

// `workers` >= 1. Hidden folders and build outputs (bazel-*) are passed over.
Index index_folder(const std::filesystem::path& folder, unsigned workers);

}  // namespace indexer

#endif  // MICROMEGAS_EXAMPLES_INDEXER_H_
