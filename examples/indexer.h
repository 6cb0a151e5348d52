// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A real job for the demo: indexes a folder of text files with a pool of workers (bytes, lines,
// words, the most frequent words), instrumented as any program would be.
#ifndef MICROMEGAS_EXAMPLES_INDEXER_H_
#define MICROMEGAS_EXAMPLES_INDEXER_H_

#include <filesystem>

#include "micromegas/examples/word_count.h"

namespace indexer {

// `workers` >= 1. Hidden folders and build outputs (bazel-*) are passed over.
Index index_folder(const std::filesystem::path& folder, unsigned workers);

}  // namespace indexer

#endif  // MICROMEGAS_EXAMPLES_INDEXER_H_
