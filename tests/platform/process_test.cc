// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/process.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace micromegas {
namespace {

TEST(Process, KnowsItsExecutable) {
  const SystemInfo info = gather_system_info();
  struct stat named {};
  struct stat real {};
  ASSERT_EQ(stat(info.exe.c_str(), &named), 0) << info.exe;
  ASSERT_EQ(stat("/proc/self/exe", &real), 0);
  EXPECT_EQ(named.st_ino, real.st_ino);
}

TEST(Process, EveryFieldIsFilled) {
  const SystemInfo info = gather_system_info();
  EXPECT_FALSE(info.username.empty());
  EXPECT_FALSE(info.realname.empty());
  EXPECT_FALSE(info.distro.empty());
  EXPECT_FALSE(info.cpu_brand.empty());
  EXPECT_GE(info.logical_cores, 1U);
  EXPECT_GE(info.physical_cores, 1U);
  EXPECT_LE(info.physical_cores, info.logical_cores);
  EXPECT_GE(info.total_memory, std::uint64_t{16} << 20);
  std::array<char, 256> host{};
  ASSERT_EQ(gethostname(host.data(), host.size() - 1), 0);
  EXPECT_EQ(info.computer, host.data());
}

TEST(Process, ReadsTheNameOfTheDistribution) {
  EXPECT_EQ(parse_os_release("NAME=Debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n"),
            "Debian GNU/Linux 12");
  EXPECT_EQ(parse_os_release("PRETTY_NAME='Single $quoted'"), "Single $quoted");
  EXPECT_EQ(parse_os_release("PRETTY_NAME=Plain\r\n"), "Plain");
  EXPECT_EQ(parse_os_release("PRETTY_NAME=\"a \\\"b\\\" \\\\ c\"\n"), "a \"b\" \\ c");
}

TEST(Process, ToleratesABrokenOsRelease) {
  for (const char* text : {"", "\n\n", "PRETTY_NAME", "PRETTY_NAME=", "PRETTY_NAME=\"\"",
                           "# PRETTY_NAME=x", "XPRETTY_NAME=x"}) {
    EXPECT_EQ(parse_os_release(text), "") << text;
  }
  EXPECT_EQ(parse_os_release("PRETTY_NAME=\""), "\"");
  EXPECT_EQ(parse_os_release("PRETTY_NAME=\"open\\"), "\"open\\");
  EXPECT_EQ(parse_os_release(std::string_view("PRETTY_NAME=a\0b\n", 16)), std::string("a\0b", 3));
}

}  // namespace
}  // namespace micromegas
