// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A program whose main() has ended by pthread_exit() while other threads go on: the kernel keeps
// the first thread, without memory or files, for as long as they live. The tests run on another
// one.

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "micromegas/platform/system_usage.h"

namespace micromegas {
namespace {

// "... (name) Z ..."
bool first_thread_is_gone() {
  std::stringstream stat;
  stat << std::ifstream("/proc/self/stat").rdbuf();
  const std::string text = stat.str();
  const std::size_t name_end = text.rfind(')');
  return name_end != std::string::npos && text.compare(name_end, 3, ") Z") == 0;
}

TEST(MainEnded, TheProcessHasItsMemoryAndFilesAllTheSame) {
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
       !first_thread_is_gone();) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    std::this_thread::yield();
  }
  const SystemUsage usage = SystemUsageReader().read();
  ASSERT_TRUE(usage.process);
  EXPECT_GT(usage.process->virtual_bytes, 1u << 20);
  EXPECT_GT(usage.process->resident_pages, 100u);
  EXPECT_GE(usage.process->threads, 1u);
  ASSERT_TRUE(usage.descriptors);
  EXPECT_GE(*usage.descriptors, 2u);
  EXPECT_TRUE(usage.network);
}

}  // namespace
}  // namespace micromegas

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  std::thread([] { std::exit(RUN_ALL_TESTS()); }).detach();
  pthread_exit(nullptr);
}
