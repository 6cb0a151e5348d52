// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a benchmark has to say about where it ran, and what the system says of the process.
#ifndef MICROMEGAS_BENCH_HARNESS_MACHINE_H_
#define MICROMEGAS_BENCH_HARNESS_MACHINE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "micromegas/platform/result.h"

namespace bench {

// "AMD EPYC, 2 processors, Debian GNU/Linux 12 (bookworm), g++ 12.2".
std::string machine();

// Nanoseconds of one tick.
double ns_per_tick();

// Pins the calling thread to a processor, counted round: 5 of 2 is 1.
void pin_to(unsigned cpu);

std::uint64_t resident_bytes();
// The most that the process has had so far.
std::uint64_t peak_resident_bytes();
// Processor time that the threads of this process with this name have used, in nanoseconds. An
// error if there is none, or the system does not say it: never 0. `tasks`: where they are listed.
micromegas::Result<std::uint64_t> thread_cpu_ns(std::string_view name,
                                                const std::string& tasks = "/proc/self/task");

}  // namespace bench

#endif  // MICROMEGAS_BENCH_HARNESS_MACHINE_H_
