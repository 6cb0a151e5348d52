// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// LTTng-UST into the session that lttng_session has made: rings of the process, which a daemon
// reads and writes to files.

#include <cstdlib>
#include <string>

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "micromegas/bench/harness/library.h"
#include "micromegas/bench/peers/lttng_provider.h"

namespace {

// Discarded events are told by the session; lttng_session looks at the end.
std::string discarded() {
  const char* command = std::getenv("MICROMEGAS_BENCH_LTTNG_DISCARDED");
  if (command == nullptr) return "there is no session";
  return std::system(command) == 0 ? std::string() : "LTTng discarded events";
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Asked asked = bench::parse(argc, argv);
  static const std::string text = "a string";
  static const std::string kib(1024, 'x');
  const bool known = bench::ask(
      asked,
      {
          .name = "LTTng-UST",
          .cases =
              {
                  bench::make_case("literal", 1, [](int) { lttng_ust_tracepoint(bench, literal); }),
                  bench::make_case("int+double+string", 1,
                                   [](int i) {
                                     lttng_ust_tracepoint(bench, int_double_string, i, 0.5 * i,
                                                          text.c_str());
                                   }),
                  bench::make_case("structured_int", 1,
                                   [](int i) { lttng_ust_tracepoint(bench, integer, i); }),
                  bench::make_case(
                      "structured_int_string", 1,
                      [](int i) { lttng_ust_tracepoint(bench, int_string, i, text.c_str()); }),
                  bench::make_case("log_1kib_string", 1,
                                   [](int) { lttng_ust_tracepoint(bench, text, kib.c_str()); }),
                  bench::make_case("int_metric", 1,
                                   [](int i) { lttng_ust_tracepoint(bench, integer, i); }),
                  bench::make_case("float_metric", 1,
                                   [](int i) { lttng_ust_tracepoint(bench, number, 0.5 * i); }),
                  bench::make_case("metric_int_property", 1,
                                   [](int i) { lttng_ust_tracepoint(bench, int_int, i, i); }),
                  bench::make_case("span_event", 2,
                                   [](int) {
                                     lttng_ust_tracepoint(bench, begin);
                                     lttng_ust_tracepoint(bench, end);
                                   }),
                  bench::make_pair_case("span_pair_int_property",
                                   [](int i) {
                                     lttng_ust_tracepoint(bench, integer, i);
                                     lttng_ust_tracepoint(bench, end);
                                   }),
                  bench::make_silent_case("disabled_level",
                                          [](int i) { lttng_ust_tracepoint(bench, silent, i); }),
                  bench::make_case("int+int", 1,
                                   [](int i) { lttng_ust_tracepoint(bench, int_int, i, 20); }),
              },
          .threads_cases = {"literal", "int+double+string", "int_metric", "span_event"},
          .paced_case = "int+int",
          .lost = discarded,
      });
  return known ? 0 : bench::kNotMyQuestion;
}
