// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// spdlog with its asynchronous logger: the caller formats, a thread writes. To /dev/null, so that
// no disk is measured. Waits for room in its queue, so that nothing is lost.

#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "micromegas/bench/harness/library.h"

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  const bench::Asked asked = bench::parse(argc, argv);
  spdlog::init_thread_pool(1U << 15, 1);
  const auto pool = spdlog::thread_pool();
  const auto log = std::make_shared<spdlog::async_logger>(
      "bench", std::make_shared<spdlog::sinks::basic_file_sink_mt>("/dev/null"), pool,
      spdlog::async_overflow_policy::block);
  log->set_level(spdlog::level::info);
  static const std::string text = "a string";
  static const std::string kib(1024, 'x');
  const auto settle = [pool] {
    while (pool->queue_size() != 0) std::this_thread::sleep_for(100us);
  };
  const bool known = bench::ask(
      asked,
      {
          .name = "spdlog",
          .cases =
              {
                  bench::make_case("literal", 1,
                                   [log](int) { SPDLOG_LOGGER_INFO(log, "the queue is empty"); }),
                  bench::make_case("int+double+string", 1,
                                   [log](int i) {
                                     SPDLOG_LOGGER_INFO(log, "{} took {:.1f} ms in {}", i, 0.5 * i,
                                                        text);
                                   }),
                  bench::make_case("log_1kib_string", 1,
                                   [log](int) { SPDLOG_LOGGER_INFO(log, "{}", kib); }),
                  bench::make_silent_case("disabled_level", [log](int i) { log->debug("{}", i); }),
                  bench::make_case("int+int", 1,
                                   [log](int i) { SPDLOG_LOGGER_INFO(log, "{} of {}", i, 20); }),
              },
          .threads_cases = {"literal", "int+double+string"},
          .paced_case = "int+int",
          .rest =
              [settle] {
                bench::rest_500_us();
                settle();
              },
          .settle = settle,
          .lost =
              [pool] {
                const auto count = pool->overrun_counter();
                return count == 0 ? std::string() : std::to_string(count) + " overrun";
              },
      });
  return known ? 0 : bench::kNotMyQuestion;
}
