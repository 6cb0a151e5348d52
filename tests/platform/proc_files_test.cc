// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Texts of /proc as systems write them, and as nobody should.

#include "micromegas/platform/proc_files.h"

#include <gtest/gtest.h>

#include <string>

namespace micromegas {
namespace {

constexpr char kStat[] =
    " S 3335 3335 32493 0 -1 4194304 98 0 0 0 12 3 0 0 20 0 17 0 1219060 3133440 410 "
    "18446744073709551615 94282789920768 0 0\n";

TEST(ProcessStat, SeesThreadsAndMemoryBehindAnyName) {
  for (const char* name : {"(cat)", "(a b)", "(a) S 1 1 (b)", "()", "(line\nbreak)"}) {
    const auto stat = parse_process_stat("3343 " + std::string(name) + kStat);
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(stat->threads, 17u);
    EXPECT_EQ(stat->virtual_bytes, 3133440u);
    EXPECT_EQ(stat->resident_pages, 410u);
  }
}

TEST(ProcessStat, OfAnotherShapeIsNothing) {
  EXPECT_FALSE(parse_process_stat(""));
  EXPECT_FALSE(parse_process_stat("1 (x) S 1"));
  EXPECT_FALSE(parse_process_stat(kStat));  // no name
  EXPECT_FALSE(parse_process_stat("1 (x) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 -3 1 1 1 1"));
  EXPECT_FALSE(
      parse_process_stat("1 (x) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 99999999999999999999 1 1 1 1"));
}

TEST(MachineCpu, CountsWaitingForADiskAsIdle) {
  const auto cpu = parse_machine_cpu("cpu  10 20 30 400 50 6 7 8 10 20\ncpu0 1 2 3 4 5 6 7 8\n");
  ASSERT_TRUE(cpu);
  EXPECT_EQ(cpu->busy, 10u + 20 + 30 + 6 + 7 + 8);
  EXPECT_EQ(cpu->total, cpu->busy + 450);
}

TEST(MachineCpu, OfAnotherShapeIsNothing) {
  for (const char* text : {"", "cpu", "cpu 1 2 3", "cpu0 1 2 3 4 5 6 7 8", "intr 1 2 3 4 5 6 7 8",
                           "cpu 1 2 3 4 5 6 7 x", "cpu 1 2 3 4 5 6 7 -8",
                           "cpu 18446744073709551615 1 0 0 0 0 0 0", "\ncpu 1 2 3 4 5 6 7 8"}) {
    EXPECT_FALSE(parse_machine_cpu(text)) << text;
  }
}

TEST(MachineMemory, IsInBytes) {
  const auto memory = parse_meminfo(
      "MemTotal:       24684084 kB\nMemFree:        20096472 kB\nMemAvailable:   23428932 kB\n"
      "Cached:   1 kB\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->total, 24684084ULL * 1024);
  EXPECT_EQ(memory->free, 20096472ULL * 1024);
  EXPECT_EQ(memory->available, 23428932ULL * 1024);
}

TEST(MachineMemory, OfAnotherShapeIsNothing) {
  for (const char* text :
       {"", "MemTotal: 5 kB\nMemFree: 5 kB\n", "MemTotal: 5\nMemFree: 5 kB\nMemAvailable: 5 kB\n",
        "MemTotal: 5 MB\nMemFree: 5 kB\nMemAvailable: 5 kB\n",
        "MemTotal: 5 kB\nMemFree: 6 kB\nMemAvailable: 5 kB\n",
        "MemTotal: 5 kB\nMemFree: 5 kB\nMemAvailable: 6 kB\n",
        "MemTotal: 18446744073709551615 kB\nMemFree: 5 kB\nMemAvailable: 5 kB\n"}) {
    EXPECT_FALSE(parse_meminfo(text)) << text;
  }
}

constexpr char kHead[] = "Inter-| Receive | Transmit\n face |bytes packets|bytes packets\n";

TEST(NetworkBytes, AreThoseOfAllInterfacesButTheLoopback) {
  const auto bytes = parse_network_bytes(std::string(kHead) +
                                         "    lo: 1000 9 0 0 0 0 0 0 1000 9 0 0 0 0 0 0\n"
                                         "  eth0: 20 1 0 0 0 0 0 0 300 1 0 0 0 0 0 0\n"
                                         "eth0:1:4 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->received, 24u);
  EXPECT_EQ(bytes->sent, 305u);
  EXPECT_TRUE(parse_network_bytes(kHead)) << "a process without a network";
}

TEST(NetworkBytes, OfAnotherShapeAreNothing) {
  EXPECT_FALSE(parse_network_bytes(""));
  EXPECT_FALSE(parse_network_bytes("a\nb\nc: 1 1 1 1 1 1 1 1 1\n"));
  for (const char* line : {"eth0\n", "eth0: 1 2\n", "eth0: x 1 1 1 1 1 1 1 1\n",
                           "a: 18446744073709551615 0 0 0 0 0 0 0 0\nb: 1 0 0 0 0 0 0 0 0\n"}) {
    EXPECT_FALSE(parse_network_bytes(std::string(kHead) + line)) << line;
  }
}

}  // namespace
}  // namespace micromegas
