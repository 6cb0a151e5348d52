// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Boost.Log with its asynchronous frontend: the caller makes the record, a thread formats it. To a
// backend that keeps nothing. The queue is bounded; a caller waits for room.

#include <boost/log/attributes/clock.hpp>
#include <boost/log/core.hpp>
#include <boost/log/expressions.hpp>
#include <boost/log/sinks/async_frontend.hpp>
#include <boost/log/sinks/basic_sink_backend.hpp>
#include <boost/log/sinks/block_on_overflow.hpp>
#include <boost/log/sinks/bounded_fifo_queue.hpp>
#include <boost/log/sources/severity_logger.hpp>
#include <boost/log/trivial.hpp>
#include <boost/make_shared.hpp>
#include <string>

#include "micromegas/bench/harness/library.h"
#include "micromegas/bench/peers/appended.h"

namespace {

namespace logging = boost::log;
using Severity = logging::trivial::severity_level;

class NoBackend
    : public logging::sinks::basic_formatted_sink_backend<char,
                                                          logging::sinks::synchronized_feeding> {
 public:
  void consume(const logging::record_view& /*record*/, const std::string& /*text*/) {
    bench::count_appended();
  }
};

using Queue = logging::sinks::bounded_fifo_queue<1U << 15, logging::sinks::block_on_overflow>;
using Sink = logging::sinks::asynchronous_sink<NoBackend, Queue>;

logging::sources::severity_logger<Severity>& source() {
  thread_local logging::sources::severity_logger<Severity> value;
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Asked asked = bench::parse(argc, argv);
  const auto sink = boost::make_shared<Sink>();
  sink->set_formatter(logging::expressions::stream << logging::expressions::smessage);
  logging::core::get()->add_sink(sink);
  logging::core::get()->add_global_attribute("TimeStamp", logging::attributes::utc_clock());
  logging::core::get()->set_filter(logging::trivial::severity >= Severity::info);
  static const std::string text = "a string";
  static const std::string kib(1024, 'x');
  const bool known = bench::ask(
      asked,
      {
          .name = "Boost.Log",
          .cases =
              {
                  bench::make_case(
                      "literal", 1,
                      [](int) { BOOST_LOG_SEV(source(), Severity::info) << "the queue is empty"; }),
                  bench::make_case("int+double+string", 1,
                                   [](int i) {
                                     BOOST_LOG_SEV(source(), Severity::info)
                                         << i << " took " << 0.5 * i << " ms in " << text;
                                   }),
                  bench::make_case("log_1kib_string", 1,
                                   [](int) { BOOST_LOG_SEV(source(), Severity::info) << kib; }),
                  bench::make_silent_case(
                      "disabled_level",
                      [](int i) { BOOST_LOG_SEV(source(), Severity::debug) << i; }),
                  bench::make_case(
                      "int+int", 1,
                      [](int i) { BOOST_LOG_SEV(source(), Severity::info) << i << " of " << 20; }),
              },
          .threads_cases = {"literal", "int+double+string"},
          .paced_case = "int+int",
          .rest = [sink] { sink->flush(); },
          .settle = [sink] { sink->flush(); },
          .arrived = bench::appended,
      });
  sink->stop();
  return known ? 0 : bench::kNotMyQuestion;
}
