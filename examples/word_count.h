// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The part of the indexer that needs neither files nor threads: what is in a text, and what is in
// all of them. The page (examples/page) runs it in the browser.
#ifndef MICROMEGAS_EXAMPLES_WORD_COUNT_H_
#define MICROMEGAS_EXAMPLES_WORD_COUNT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
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

struct TextCounts {
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t words = 0;
};

// Belongs to one thread.
class WordCount {
 public:
  // Nothing if it does not look like text; then it is skipped.
  std::optional<TextCounts> add(std::string_view name, std::string_view content);
  void skip() { ++index_.skipped; }
  static void log(std::string_view name, const TextCounts& counts);

  void merge(const WordCount& other);
  // The sum, with the most frequent words.
  Index finish();

  Index& index() { return index_; }
  [[nodiscard]] std::size_t different_words() const { return words_.size(); }

 private:
  TextCounts count(std::string_view content);

  Index index_;
  std::unordered_map<std::string, std::uint64_t> words_;
};

}  // namespace indexer

#endif  // MICROMEGAS_EXAMPLES_WORD_COUNT_H_
