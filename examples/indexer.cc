// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/examples/indexer.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string_view>
#include <system_error>
#include <thread>
#include <unordered_map>

#include "micromegas/instrument.h"

namespace indexer {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uintmax_t kMaxFileBytes = 16U << 20;
constexpr std::size_t kFrequent = 5;
constexpr std::size_t kSampleEvery = 16;  // files

using WordCounts = std::unordered_map<std::string, std::uint64_t>;

struct FileCounts {
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t words = 0;
};

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

bool looks_like_text(std::string_view content) {
  return content.substr(0, 4096).find('\0') == std::string_view::npos;
}

bool wanted(const fs::path& path) {
  const std::string name = path.filename().string();
  return !name.starts_with(".") && !name.starts_with("bazel-");
}

std::vector<fs::path> list_files(const fs::path& folder) {
  MM_SPAN_FN();
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                         error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (!wanted(entry->path())) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file(error)) {
      files.push_back(entry->path());
    }
  }
  if (error) MM_WARN_T("indexer", "listing {} ended early: {}", folder.string(), error.message());
  MM_INFO_T("indexer", "found {} files below {}", files.size(), folder.string());
  return files;
}

class Worker {
 public:
  void run(const std::vector<fs::path>& files, std::atomic<std::size_t>& next) {
    MM_SPAN_FN();
    for (std::size_t i = next++; i < files.size(); i = next++) index_file(files[i]);
    MM_INFO_T("indexer", "worker done: {} files, {} words, {} different", index_.files,
              index_.words, words_.size());
  }

  Index& index() { return index_; }
  WordCounts& words() { return words_; }

 private:
  void index_file(const fs::path& path) {
    MM_SPAN("index_file");
    const Clock::time_point begin = Clock::now();
    std::string content;
    if (!read(path, content)) {
      ++index_.skipped;
      return;
    }
    const FileCounts counts = count(content);
    ++index_.files;
    index_.bytes += counts.bytes;
    index_.lines += counts.lines;
    index_.words += counts.words;
    MM_IMETRIC_T("indexer", "file_size", "bytes", counts.bytes);
    MM_FMETRIC_T("indexer", "file_time", "ms", milliseconds_since(begin));
    if (index_.files % kSampleEvery == 0) {
      sample_cost(path, counts);
    } else {
      log_file(path, counts);
    }
  }

  static void log_file(const fs::path& path, const FileCounts& counts) {
    MM_DEBUG_T("indexer", "{}: {} lines, {} words", path.native(), counts.lines, counts.words);
  }

  // The same statement, between two looks at the clock.
  void sample_cost(const fs::path& path, const FileCounts& counts) {
    const Clock::time_point begin = Clock::now();
    log_file(path, counts);
    index_.event_cost_ns.push_back(
        std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
  }

  static bool read(const fs::path& path, std::string& content) {
    MM_SPAN("read");
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (error || size > kMaxFileBytes) {
      MM_WARN_T("indexer", "skipping {}: {}", path.native(),
                error ? error.message() : "it is larger than 16 MiB");
      return false;
    }
    std::ifstream in(path, std::ios::binary);
    content.assign(std::istreambuf_iterator<char>(in), {});
    if (!in) {
      MM_WARN_T("indexer", "cannot read {}", path.native());
      return false;
    }
    if (!looks_like_text(content)) {
      MM_DEBUG_T("indexer", "skipping {}: not text", path.native());
      return false;
    }
    return true;
  }

  FileCounts count(std::string_view content) {
    MM_SPAN("count_words");
    FileCounts counts;
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
    return counts;
  }

  Index index_;
  WordCounts words_;
};

void merge(std::vector<Worker>& workers, Index& total) {
  MM_SPAN_FN();
  WordCounts words;
  for (Worker& worker : workers) {
    const Index& part = worker.index();
    total.files += part.files;
    total.skipped += part.skipped;
    total.bytes += part.bytes;
    total.lines += part.lines;
    total.words += part.words;
    total.event_cost_ns.insert(total.event_cost_ns.end(), part.event_cost_ns.begin(),
                               part.event_cost_ns.end());
    for (const auto& [word, n] : worker.words()) words[word] += n;
  }
  total.frequent.assign(words.begin(), words.end());
  const std::size_t n = std::min(kFrequent, total.frequent.size());
  std::partial_sort(total.frequent.begin(), total.frequent.begin() + static_cast<std::ptrdiff_t>(n),
                    total.frequent.end(), [](const auto& a, const auto& b) {
                      return a.second != b.second ? a.second > b.second : a.first < b.first;
                    });
  total.frequent.resize(n);
}

}  // namespace

Index index_folder(const fs::path& folder, unsigned workers) {
  MM_SPAN_FN();
  const std::vector<fs::path> files = list_files(folder);
  std::atomic<std::size_t> next{0};
  std::vector<Worker> pool(workers);
  std::vector<std::thread> threads;
  threads.reserve(pool.size());
  for (Worker& worker : pool) {
    threads.emplace_back(&Worker::run, &worker, std::cref(files), std::ref(next));
  }
  for (std::thread& thread : threads) thread.join();

  Index total;
  merge(pool, total);
  MM_INFO_T("indexer", "indexed {} files: {} bytes, {} lines, {} words", total.files, total.bytes,
            total.lines, total.words);
  for (const auto& [word, n] : total.frequent) MM_INFO_T("indexer", "{:>8} x {}", n, word);
  return total;
}

}  // namespace indexer
