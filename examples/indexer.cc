// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/examples/indexer.h"

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"

namespace indexer {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uintmax_t kMaxFileBytes = 16U << 20;
constexpr std::size_t kSampleEvery = 16;  // files

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
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
    MM_INFO_T("indexer", "worker done: {} files, {} words, {} different", counted_.index().files,
              counted_.index().words, counted_.different_words());
  }

  const WordCount& counted() const { return counted_; }

 private:
  void index_file(const fs::path& path) {
    MM_SPAN("index_file");
    const Clock::time_point begin = Clock::now();
    std::string content;
    if (!read(path, content)) return counted_.skip();
    const std::optional<TextCounts> counts = counted_.add(path.native(), content);
    if (!counts) return;
    MM_FMETRIC_T("indexer", "file_time", "ms", milliseconds_since(begin));
    if (counted_.index().files % kSampleEvery == 0) {
      sample_cost(path, *counts);
    } else {
      WordCount::log(path.native(), *counts);
    }
  }

  // The same statement, between two looks at the clock.
  void sample_cost(const fs::path& path, const TextCounts& counts) {
    const Clock::time_point begin = Clock::now();
    WordCount::log(path.native(), counts);
    counted_.index().event_cost_ns.push_back(
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
    if (!in) MM_WARN_T("indexer", "cannot read {}", path.native());
    return static_cast<bool>(in);
  }

  WordCount counted_;
};

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

  WordCount total;
  for (const Worker& worker : pool) total.merge(worker.counted());
  return total.finish();
}

}  // namespace indexer
