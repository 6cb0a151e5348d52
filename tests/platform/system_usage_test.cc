// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// This process, as it uses more of everything.

#include "micromegas/platform/system_usage.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/platform/diagnostics.h"

namespace micromegas {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> g_said;

class SystemUsageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    g_said.clear();
    set_diagnostic_handler([](std::string_view line) { g_said.emplace_back(line); });
  }
  void TearDown() override { set_diagnostic_handler(nullptr); }
};

TEST_F(SystemUsageTest, EverythingIsThere) {
  const SystemUsage usage = SystemUsageReader().read();
  EXPECT_GT(usage.totals.cpu_ns, 0u);
  EXPECT_GT(usage.totals.minor_faults, 0u);
  ASSERT_TRUE(usage.process);
  EXPECT_GE(usage.process->threads, 1u);
  ASSERT_TRUE(usage.descriptors);
  EXPECT_GE(*usage.descriptors, 3u);
  EXPECT_TRUE(usage.cpu);
  EXPECT_TRUE(usage.memory);
  EXPECT_TRUE(usage.network);
  EXPECT_THAT(g_said, ElementsAre());
}

TEST_F(SystemUsageTest, MemoryGrowsByWhatIsTouched) {
  constexpr std::size_t kBytes = 64U << 20;
  SystemUsageReader reader;
  const SystemUsage before = reader.read();
  void* const memory =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const SystemUsage mapped = reader.read();
  for (std::size_t i = 0; i < kBytes; i += page) static_cast<volatile char*>(memory)[i] = 1;
  const SystemUsage touched = reader.read();
  munmap(memory, kBytes);

  ASSERT_TRUE(before.process && mapped.process && touched.process);
  EXPECT_NEAR(static_cast<double>(mapped.process->virtual_bytes - before.process->virtual_bytes),
              kBytes, 4 << 20);
  const std::uint64_t pages = touched.process->resident_pages - mapped.process->resident_pages;
#ifdef MICROMEGAS_SANITIZER  // which has some memory of its own for each byte
  EXPECT_GE(pages * page, kBytes - (4U << 20));
#else
  EXPECT_NEAR(static_cast<double>(pages * page), kBytes, 4 << 20);
#endif
  EXPECT_GT(touched.totals.minor_faults, mapped.totals.minor_faults);
}

TEST_F(SystemUsageTest, AStartedThreadIsCounted) {
  std::atomic<bool> stop{false};
  const auto wait = [&] { stop.wait(false); };
  // With the first one a sanitizer starts one of its own. None ends meanwhile: one that was joined
  // may be counted for a moment.
  std::thread first(wait);
  SystemUsageReader reader;
  const SystemUsage before = reader.read();
  std::thread second(wait);
  const SystemUsage during = reader.read();
  stop = true;
  stop.notify_all();
  first.join();
  second.join();
  ASSERT_TRUE(before.process && during.process);
  EXPECT_EQ(during.process->threads, before.process->threads + 1);
}

TEST_F(SystemUsageTest, OpenedFilesAreCounted) {
  SystemUsageReader reader;
  const SystemUsage before = reader.read();
  std::vector<int> files(100);
  for (int& fd : files) fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const SystemUsage during = reader.read();
  for (const int fd : files) close(fd);
  ASSERT_TRUE(before.descriptors && during.descriptors);
  EXPECT_EQ(*during.descriptors, *before.descriptors + 100);
}

TEST_F(SystemUsageTest, WorkIsCountedInNanoseconds) {
  SystemUsageReader reader;
  const SystemUsage before = reader.read();
  const auto used = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1e9 + static_cast<double>(time.tv_nsec);
  };
  const double start = used();
  while (used() < start + 50e6) {
  }
  const SystemUsage after = reader.read();
  EXPECT_NEAR(static_cast<double>(after.totals.cpu_ns - before.totals.cpu_ns), used() - start,
              20e6);
}

TEST_F(SystemUsageTest, WithoutProcWhatItTellsIsMissingAndSaidOnce) {
  SystemUsageReader reader("/nowhere");
  for (int i = 0; i < 3; ++i) {
    const SystemUsage usage = reader.read();
    EXPECT_FALSE(usage.process || usage.descriptors || usage.cpu || usage.memory || usage.network);
    EXPECT_GT(usage.totals.cpu_ns, 0u);
  }
  EXPECT_THAT(g_said, ElementsAre(AllOf(HasSubstr("/nowhere/thread-self/stat (No such file"),
                                        HasSubstr("/nowhere/thread-self/net/dev"))));
}

TEST_F(SystemUsageTest, DescriptorsAreListedWhereTheyAreNotCounted) {
  EXPECT_EQ(list_descriptors("/proc/self/fd"), SystemUsageReader().read().descriptors);
  EXPECT_FALSE(list_descriptors("/proc/self/stat"));
}

TEST_F(SystemUsageTest, AProcOfNonsenseIsNotBelieved) {
  std::string name = ::testing::TempDir() + "procXXXXXX";
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  const std::filesystem::path top = name;
  std::filesystem::create_directories(top / "thread-self/net");
  std::ofstream(top / "thread-self/stat") << "\xff\xff nonsense";
  std::ofstream(top / "stat") << std::string(1'000'000, 'x');
  std::filesystem::create_directory(top / "meminfo");
  ASSERT_EQ(mkfifo((top / "thread-self/net/dev").c_str(), 0600), 0);  // must not be waited for
  const SystemUsage usage = SystemUsageReader(name).read();
  std::filesystem::remove_all(top);
  EXPECT_FALSE(usage.process || usage.descriptors || usage.cpu || usage.memory || usage.network);
}

}  // namespace
}  // namespace micromegas
