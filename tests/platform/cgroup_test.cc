// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Control groups of both versions: where their files are and what they say.

#include "micromegas/platform/cgroup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace micromegas {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kV1[] =
    "9:name=systemd:/\n5:memory:/jobs/worker 7\n2:cpuacct,cpu:/jobs\n0::/unified\n";
constexpr char kV1Mounts[] =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw shared:1 master:2 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

TEST(FindCgroup, ClimbsToTheMountPoint) {
  const CgroupFolders memory = find_cgroup("memory", kV1, kV1Mounts);
  EXPECT_FALSE(memory.version_2);
  EXPECT_THAT(memory.folders, ElementsAre("/sys/fs/cgroup/memory/jobs/worker 7",
                                          "/sys/fs/cgroup/memory/jobs", "/sys/fs/cgroup/memory"));
  EXPECT_THAT(find_cgroup("cpu", kV1, kV1Mounts).folders,
              ElementsAre("/sys/fs/cgroup/cpu/jobs", "/sys/fs/cgroup/cpu"));
}

TEST(FindCgroup, FindsTheSecondVersion) {
  const CgroupFolders found = find_cgroup(
      "cpu", "0::/system.slice/shop.service\n",
      "25 30 0:23 / /sys rw - sysfs sysfs rw\n"
      "26 25 0:24 / /sys/fs/cgroup\\040here rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  EXPECT_TRUE(found.version_2);
  EXPECT_THAT(found.folders,
              ElementsAre("/sys/fs/cgroup here/system.slice/shop.service",
                          "/sys/fs/cgroup here/system.slice", "/sys/fs/cgroup here"));
}

// A container sees its group as the mount's root, under either name.
TEST(FindCgroup, KnowsContainers) {
  const char mounts[] = "1 2 0:3 /docker/abc /cg ro - cgroup cgroup rw,memory\n";
  EXPECT_THAT(find_cgroup("memory", "4:memory:/docker/abc\n", mounts).folders, ElementsAre("/cg"));
  EXPECT_THAT(find_cgroup("memory", "4:memory:/docker/abc/in\n", mounts).folders,
              ElementsAre("/cg/in", "/cg"));
  EXPECT_THAT(find_cgroup("memory", "4:memory:/docker/abcdef\n", mounts).folders,
              ElementsAre("/cg"));
  EXPECT_THAT(find_cgroup("memory", "4:memory:/\n", mounts).folders, ElementsAre("/cg"));
  EXPECT_THAT(find_cgroup("memory", "0::/../../etc\n", "1 2 0:3 / /cg rw - cgroup2 x rw\n").folders,
              ElementsAre("/cg"));
}

TEST(FindCgroup, OfAnotherShapeIsNone) {
  for (const char* own : {"", "\n\n", ":", "::", "5:memory", "5:memory:relative", "5:cpu:/"}) {
    EXPECT_THAT(find_cgroup("memory", own, kV1Mounts).folders, IsEmpty()) << own;
  }
  for (const char* mounts : {"", "1 2 3", "1 2 0:3 / /cg rw cgroup cgroup rw,memory\n",
                             "1 2 0:3 / relative rw - cgroup cgroup rw,memory\n",
                             "1 2 0:3 / /cg rw - cgroup cgroup rw,cpu\n", " - - - - - - -\n"}) {
    EXPECT_THAT(find_cgroup("memory", kV1, mounts).folders, IsEmpty()) << mounts;
  }
  const std::string deep = "0::" + [] {
    std::string path;
    for (int i = 0; i < 10'000; ++i) path += "/x";
    return path;
  }();
  EXPECT_LE(find_cgroup("cpu", deep, "1 2 0:3 / /cg rw - cgroup2 x rw\n").folders.size(), 33u);
}

TEST(CgroupValues, AreReadOrThereIsNoLimit) {
  EXPECT_EQ(parse_memory_limit("1048576\n"), 1048576u);
  EXPECT_EQ(parse_memory_limit("0\n"), 0u);
  for (const char* none : {"", "max\n", "9223372036854771712\n", "-1\n", "12kB\n", "1e9\n"}) {
    EXPECT_FALSE(parse_memory_limit(none)) << none;
  }
  EXPECT_EQ(parse_cpu_max("150000 100000\n"), 1.5);
  for (const char* none : {"", "max 100000\n", "1\n", "1 0\n", "0 5\n", "-1 100000\n", "x y\n"}) {
    EXPECT_FALSE(parse_cpu_max(none)) << none;
  }
  EXPECT_EQ(parse_cfs_quota("50000\n", "100000\n"), 0.5);
  EXPECT_FALSE(parse_cfs_quota("-1\n", "100000\n"));
  EXPECT_EQ(parse_throttled_time("usage_usec 1\nthrottled_usec 250\n"), 250'000u);
  EXPECT_EQ(parse_throttled_time("nr_periods 1\nthrottled_time 250\n"), 250u);
  EXPECT_FALSE(parse_throttled_time("throttled_usec 18446744073709551615\n"));
  EXPECT_FALSE(parse_throttled_time("nothing\n"));
}

class CgroupFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "cgroupXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    top_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(top_); }
  std::string folder(const std::string& name) const {
    std::filesystem::create_directories(top_ / name);
    return top_ / name;
  }
  void write(const std::string& file, const std::string& text) const {
    std::ofstream(top_ / file) << text;
  }
  std::filesystem::path top_;
};

TEST_F(CgroupFiles, TheLowestLimitOnTheWayUpCounts) {
  const CgroupFolders folders{{folder("a/b"), folder("a"), folder(".")}, true};
  write("a/b/memory.max", "max\n");
  write("a/b/memory.current", "1\n");
  write("a/memory.max", "4096\n");
  write("a/memory.current", "1024\n");
  write("memory.max", "8192\n");
  write("a/b/cpu.max", "300000 100000\n");
  write("a/cpu.max", "max 100000\n");
  write("a/b/cpu.stat", "throttled_usec 7\n");
  const CgroupUsage usage = CgroupReader(folders, folders).read();
  EXPECT_EQ(usage.memory_limit, 4096u);
  EXPECT_EQ(usage.memory_used, 1024u);
  EXPECT_EQ(usage.cpu_limit, 3.0);
  EXPECT_EQ(usage.cpu_throttled_ns, 7'000u);
}

TEST_F(CgroupFiles, TheFirstVersionHasOtherNames) {
  const CgroupFolders folders{{folder("a"), folder(".")}, false};
  write("a/memory.limit_in_bytes", "9223372036854771712\n");
  write("memory.limit_in_bytes", "4096\n");
  write("memory.usage_in_bytes", "512\n");
  write("a/cpu.cfs_quota_us", "-1\n");
  write("a/cpu.cfs_period_us", "100000\n");
  write("cpu.cfs_quota_us", "50000\n");
  write("cpu.cfs_period_us", "100000\n");
  write("cpu.stat", "nr_throttled 2\nthrottled_time 9\n");
  const CgroupUsage usage = CgroupReader(folders, folders).read();
  EXPECT_EQ(usage.memory_limit, 4096u);
  EXPECT_EQ(usage.memory_used, 512u);
  EXPECT_EQ(usage.cpu_limit, 0.5);
  EXPECT_EQ(usage.cpu_throttled_ns, 9u);
}

TEST_F(CgroupFiles, WithoutALimitNothingIsSaid) {
  const CgroupFolders folders{{folder("a"), "/nowhere"}, true};
  write("a/memory.current", "1\n");
  write("a/cpu.stat", "throttled_usec 7\n");
  const CgroupUsage usage = CgroupReader(folders, folders).read();
  EXPECT_FALSE(usage.memory_limit || usage.memory_used || usage.cpu_limit ||
               usage.cpu_throttled_ns);
}

}  // namespace
}  // namespace micromegas
