// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// log4cplus with its asynchronous appender: the caller formats, a thread appends. To an appender
// that keeps nothing. The queue is bounded; a caller waits for room.

#include <log4cplus/asyncappender.h>
#include <log4cplus/initializer.h>
#include <log4cplus/logger.h>
#include <log4cplus/loggingmacros.h>
#include <log4cplus/nullappender.h>

#include <string>

#include "micromegas/bench/harness/library.h"
#include "micromegas/bench/peers/appended.h"

namespace {

class CountingAppender : public log4cplus::NullAppender {
 protected:
  void append(const log4cplus::spi::InternalLoggingEvent& /*event*/) override {
    bench::count_appended();
  }
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Asked asked = bench::parse(argc, argv);
  const log4cplus::Initializer initializer;
  const log4cplus::Logger log = log4cplus::Logger::getInstance("bench");
  log4cplus::Logger(log).setLogLevel(log4cplus::INFO_LOG_LEVEL);
  log4cplus::Logger(log).addAppender(log4cplus::SharedAppenderPtr(
      new log4cplus::AsyncAppender(log4cplus::SharedAppenderPtr(new CountingAppender), 1U << 15)));
  static const std::string text = "a string";
  static const std::string kib(1024, 'x');
  const bool known = bench::ask(
      asked,
      {
          .name = "log4cplus",
          .cases =
              {
                  bench::make_case("literal", 1,
                                   [log](int) { LOG4CPLUS_INFO(log, "the queue is empty"); }),
                  bench::make_case("int+double+string", 1,
                                   [log](int i) {
                                     LOG4CPLUS_INFO(log,
                                                    i << " took " << 0.5 * i << " ms in " << text);
                                   }),
                  bench::make_case("log_1kib_string", 1, [log](int) { LOG4CPLUS_INFO(log, kib); }),
                  bench::make_silent_case("disabled_level",
                                          [log](int i) { LOG4CPLUS_DEBUG(log, i); }),
                  bench::make_case("int+int", 1,
                                   [log](int i) { LOG4CPLUS_INFO(log, i << " of " << 20); }),
              },
          .threads_cases = {"literal", "int+double+string"},
          .paced_case = "int+int",
          .rest = bench::settle_appended,
          .settle = bench::settle_appended,
          .arrived = bench::appended,
      });
  return known ? 0 : bench::kNotMyQuestion;
}
