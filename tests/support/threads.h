// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The threads of this process that a test brings about.
#ifndef MICROMEGAS_TESTS_SUPPORT_THREADS_H_
#define MICROMEGAS_TESTS_SUPPORT_THREADS_H_

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

namespace micromegas::testing {

using ThreadNames = std::multiset<std::string>;

// Those that have come since this was made and are not gone.
class NewThreads {
 public:
  NewThreads() {
    for (const auto& task : tasks()) before_.insert(task.path());
  }

  // Waits until they are `expected`, 10 s at most, and returns the last that were seen. A thread
  // that is joined stands in /proc a moment longer, and one that starts has its creator's name
  // first.
  [[nodiscard]] ThreadNames once(const ThreadNames& expected) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    ThreadNames seen = now();
    while (seen != expected && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
      seen = now();
    }
    return seen;
  }

 private:
  static std::filesystem::directory_iterator tasks() {
    return std::filesystem::directory_iterator("/proc/self/task");
  }

  [[nodiscard]] ThreadNames now() const {
    ThreadNames names;
    for (const auto& task : tasks()) {
      std::string name;
      if (before_.contains(task.path())) continue;
      if (std::getline(std::ifstream(task.path() / "comm"), name)) names.insert(name);
    }
    return names;
  }

  std::set<std::filesystem::path> before_;
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_SUPPORT_THREADS_H_
