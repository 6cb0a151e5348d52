// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// glog: the caller formats and writes. To a sink that keeps nothing, so that no disk is measured.

#include <glog/logging.h>

#include <string>

#include "micromegas/bench/harness/library.h"
#include "micromegas/bench/peers/appended.h"

namespace {

class NoSink : public google::LogSink {
  void send(google::LogSeverity /*severity*/, const char* /*full_name*/, const char* /*name*/,
            int /*line*/, const google::LogMessageTime& /*time*/, const char* /*message*/,
            std::size_t /*size*/) override {
    bench::count_appended();
  }
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Asked asked = bench::parse(argc, argv);
  google::InitGoogleLogging(argv[0]);
  static NoSink sink;
  static const std::string text = "a string";
  static const std::string kib(1024, 'x');
  const bool known = bench::ask(
      asked,
      {
          .name = "glog",
          .cases =
              {
                  bench::make_case("literal", 1,
                                   [](int) {
                                     LOG_TO_SINK_BUT_NOT_TO_LOGFILE(&sink, INFO)
                                         << "the queue is empty";
                                   }),
                  bench::make_case("int+double+string", 1,
                                   [](int i) {
                                     LOG_TO_SINK_BUT_NOT_TO_LOGFILE(&sink, INFO)
                                         << i << " took " << 0.5 * i << " ms in " << text;
                                   }),
                  bench::make_case("log_1kib_string", 1,
                                   [](int) { LOG_TO_SINK_BUT_NOT_TO_LOGFILE(&sink, INFO) << kib; }),
                  bench::make_silent_case("disabled_level", [](int i) { VLOG(1) << i; }),
                  bench::make_case("int+int", 1,
                                   [](int i) {
                                     LOG_TO_SINK_BUT_NOT_TO_LOGFILE(&sink, INFO)
                                         << i << " of " << 20;
                                   }),
              },
          .threads_cases = {"literal", "int+double+string"},
          .paced_case = "int+int",
          .arrived = bench::appended,
      });
  return known ? 0 : bench::kNotMyQuestion;
}
