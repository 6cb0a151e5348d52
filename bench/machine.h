// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a benchmark has to say about where it ran, and what the system says of the process.
#ifndef MICROMEGAS_BENCH_MACHINE_H_
#define MICROMEGAS_BENCH_MACHINE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

// "AMD EPYC, 2 processors, Debian GNU/Linux 12 (bookworm), g++ 12.2.0".
std::string machine();

std::uint64_t resident_bytes();
// Processor time that the threads of this process with this name have used, in nanoseconds.
std::uint64_t thread_cpu_ns(std::string_view name);

}  // namespace bench

#endif  // MICROMEGAS_BENCH_MACHINE_H_
