// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/examples/word_count.h"

#include <algorithm>
#include <cctype>

#include "micromegas/instrument.h"

namespace indexer {
namespace {

constexpr std::size_t kFrequent = 5;

bool looks_like_text(std::string_view content) {
  return content.substr(0, 4096).find('\0') == std::string_view::npos;
}

}  // namespace

std::optional<TextCounts> WordCount::add(std::string_view name, std::string_view content) {
  if (!looks_like_text(content)) {
    MM_DEBUG_T("indexer", "skipping {}: not text", name);
    skip();
    return std::nullopt;
  }
  const TextCounts counts = count(content);
  ++index_.files;
  index_.bytes += counts.bytes;
  index_.lines += counts.lines;
  index_.words += counts.words;
  MM_IMETRIC_T("indexer", "file_size", "bytes", counts.bytes);
  return counts;
}

void WordCount::log(std::string_view name, const TextCounts& counts) {
  MM_DEBUG_T("indexer", "{}: {} lines, {} words", name, counts.lines, counts.words);
}

TextCounts WordCount::count(std::string_view content) {
  MM_SPAN("count_words");
  TextCounts counts;
  counts.bytes = content.size();
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    ++counts.words;
    if (word.size() > 3) ++words_[word];
    word.clear();
  };
  for (const char c : content) {
    if (c == '\n') ++counts.lines;
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    } else {
      end_word();
    }
  }
  end_word();
  if (!content.empty() && content.back() != '\n') ++counts.lines;
  return counts;
}

void WordCount::merge(const WordCount& other) {
  index_.files += other.index_.files;
  index_.skipped += other.index_.skipped;
  index_.bytes += other.index_.bytes;
  index_.lines += other.index_.lines;
  index_.words += other.index_.words;
  index_.event_cost_ns.insert(index_.event_cost_ns.end(), other.index_.event_cost_ns.begin(),
                              other.index_.event_cost_ns.end());
  for (const auto& [word, n] : other.words_) words_[word] += n;
}

Index WordCount::finish() {
  MM_SPAN_FN();
  Index total = index_;
  total.frequent.assign(words_.begin(), words_.end());
  const std::size_t n = std::min(kFrequent, total.frequent.size());
  std::partial_sort(total.frequent.begin(), total.frequent.begin() + static_cast<std::ptrdiff_t>(n),
                    total.frequent.end(), [](const auto& a, const auto& b) {
                      return a.second != b.second ? a.second > b.second : a.first < b.first;
                    });
  total.frequent.resize(n);
  MM_INFO_T("indexer", "indexed {} files: {} bytes, {} lines, {} words", total.files, total.bytes,
            total.lines, total.words);
  for (const auto& [word, times] : total.frequent) {
    MM_INFO_T("indexer", "{:>8} x {}", times, word);
  }
  return total;
}

}  // namespace indexer
