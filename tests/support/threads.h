// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The threads of this process, by name; the library's begin with "mm-".
#ifndef MICROMEGAS_TESTS_SUPPORT_THREADS_H_
#define MICROMEGAS_TESTS_SUPPORT_THREADS_H_

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

namespace micromegas::testing {

using ThreadNames = std::multiset<std::string>;

inline ThreadNames threads() {
  ThreadNames names;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    if (std::getline(std::ifstream(task.path() / "comm"), name)) names.insert(name);
  }
  return names;
}

// Waits until `wanted` accepts them, 10 s at most, and returns the last that were seen. A thread
// that is joined stands in /proc a moment longer, and one that starts has its creator's name first.
template <class Predicate>
ThreadNames threads_once(Predicate wanted) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  ThreadNames seen = threads();
  while (!wanted(seen) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    seen = threads();
  }
  return seen;
}

inline ThreadNames threads_once(const ThreadNames& expected) {
  return threads_once([&](const ThreadNames& seen) { return seen == expected; });
}

// Those of others, when the library has none.
inline ThreadNames threads_of_others() {
  return threads_once([](const ThreadNames& seen) {
    return std::none_of(seen.begin(), seen.end(),
                        [](const std::string& name) { return name.starts_with("mm-"); });
  });
}

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_SUPPORT_THREADS_H_
