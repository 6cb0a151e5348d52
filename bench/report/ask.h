// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Runs the programs of the bench and reads what they print.
#ifndef MICROMEGAS_BENCH_REPORT_ASK_H_
#define MICROMEGAS_BENCH_REPORT_ASK_H_

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "micromegas/bench/harness/row.h"

namespace bench {

// Runs the program with these arguments and calls `tell` with each row as it comes. Returns why it
// failed; empty: it did not. One
// that has not ended after `limit` is ended, with the programs that it has started; so they are
// when this program is ended by SIGINT, SIGTERM or SIGHUP. One thread at a time.
std::string ask_program(const std::string& path, const std::vector<std::string>& args,
                        std::chrono::milliseconds limit,
                        const std::function<void(const Row&)>& tell);

}  // namespace bench

#endif  // MICROMEGAS_BENCH_REPORT_ASK_H_
