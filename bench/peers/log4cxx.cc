// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// log4cxx with its asynchronous appender: the caller formats, a thread appends. To an appender that
// counts. The queue is bounded; a caller waits for room.

#include <log4cxx/appenderskeleton.h>
#include <log4cxx/asyncappender.h>
#include <log4cxx/logger.h>

#include <memory>
#include <string>

#include "micromegas/bench/harness/library.h"
#include "micromegas/bench/peers/appended.h"

// Where the macros of its objects find their names.
using namespace log4cxx;

class CountingAppender : public log4cxx::AppenderSkeleton {
 public:
  DECLARE_LOG4CXX_OBJECT(CountingAppender)
  BEGIN_LOG4CXX_CAST_MAP()
  LOG4CXX_CAST_ENTRY(CountingAppender)
  LOG4CXX_CAST_ENTRY_CHAIN(AppenderSkeleton)
  END_LOG4CXX_CAST_MAP()

  void close() override {}
  [[nodiscard]] bool requiresLayout() const override { return false; }

 protected:
  void append(const log4cxx::spi::LoggingEventPtr& /*event*/,
              log4cxx::helpers::Pool& /*pool*/) override {
    bench::count_appended();
  }
};
IMPLEMENT_LOG4CXX_OBJECT(CountingAppender)

int main(int argc, char** argv) {
  const bench::Asked asked = bench::parse(argc, argv);
  const log4cxx::LoggerPtr log = log4cxx::Logger::getLogger("bench");
  log->setLevel(log4cxx::Level::getInfo());
  const auto async = std::make_shared<log4cxx::AsyncAppender>();
  async->setBufferSize(1 << 15);
  async->addAppender(std::make_shared<CountingAppender>());
  log->addAppender(async);
  static const std::string text = "a string";
  static const std::string kib(1024, 'x');
  const bool known = bench::ask(
      asked,
      {
          .name = "log4cxx",
          .cases =
              {
                  bench::make_case("literal", 1,
                                   [=](int) { LOG4CXX_INFO(log, "the queue is empty"); }),
                  bench::make_case("int+double+string", 1,
                                   [=](int i) {
                                     LOG4CXX_INFO(log,
                                                  i << " took " << 0.5 * i << " ms in " << text);
                                   }),
                  bench::make_case("log_1kib_string", 1, [=](int) { LOG4CXX_INFO(log, kib); }),
                  bench::make_silent_case("disabled_level", [=](int i) { LOG4CXX_DEBUG(log, i); }),
                  bench::make_case("int+int", 1,
                                   [=](int i) { LOG4CXX_INFO(log, i << " of " << 20); }),
              },
          .threads_cases = {"literal", "int+double+string"},
          .paced_case = "int+int",
          .rest = bench::settle_appended,
          .settle = bench::settle_appended,
          .arrived = bench::appended,
      });
  async->close();
  return known ? 0 : bench::kNotMyQuestion;
}
