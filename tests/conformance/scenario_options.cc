// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What options add to events and take from them: origins, a redactor, the filter of one sink among
// others; and what the library records of itself.

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "micromegas/tests/conformance/scenario.h"

namespace micromegas::conformance {
namespace {

using namespace literals;
using namespace std::chrono_literals;

constexpr char kThread[] = "main-thread";

std::optional<std::string> without_secrets(std::string_view name, std::string_view) {
  if (name != "password") return std::nullopt;
  return "*** ü";
}

Expected::Properties from_here(Expected::Properties properties, const char* span = nullptr) {
  properties["thread.id"] = std::to_string(gettid());
  properties["thread.name"] = kThread;
  if (span != nullptr) properties["span.name"] = span;
  return properties;
}

void record_origins(Expected& e) {
  e.log(
      4, "origin", "a literal", [] { MM_INFO_T("origin", "a literal"); }, from_here({}));
  SCENARIO_SPAN(e, kThread, "große", __FILE__, MM_SPAN("große"));
  e.log(
      4, "origin", "1 text", [] { MM_INFO_T("origin", "{} text", 1); }, from_here({}, "große"));
  e.log(
      4, "origin", "of alice", [] { MM_INFO_T("origin", "of {user}", "user"_k = "alice"); },
      from_here({{"user", "alice"}}, "große"));
  e.log(
      4, "origin", "at run time", [] { log_dynamic(Level::kInfo, "origin", "at run time"); },
      from_here({}, "große"));
}

void record_secrets(Expected& e) {
  e.log(
      4, "redacted", "alice with *** ü",
      [] {
        MM_INFO_T("redacted", "{user} with {password}", "user"_k = "alice",
                  "password"_k = "hunter2");
      },
      from_here({{"user", "alice"}, {"password", "*** ü"}}));
  const PropertySet& set = PropertySet::intern({{"password", "hunter2"}, {"zone", "eu"}});
  e.log(
      4, "redacted", "of a set", [&] { MM_INFO_T("redacted", "of a set", set); },
      from_here({{"password", "*** ü"}, {"zone", "eu"}}));
  const Property pairs[] = {{"password", "hunter2"}};
  e.log(
      4, "redacted", "of run time",
      [&] { log_dynamic(Level::kInfo, "redacted", "of run time", pairs); },
      from_here({{"password", "*** ü"}}));
  e.metric("redacted", "metric", "count", 1,
           [] { MM_IMETRIC_T("redacted", "metric", "count", 1U, "password"_k = "hunter2"); },
           {{"password", "*** ü"}});
  {
    SCENARIO_SPAN(e, kThread, "span", __FILE__, MM_SPAN("span", "password"_k = "hunter2"));
    scenario_outside.properties({{"password", "*** ü"}});
  }
  const std::int64_t before = now();
  const int line = __LINE__ + 1;
  AsyncSpan span = MM_BEGIN_ASYNC_SPAN_T("redacted", "async", "password"_k = "hunter2");
  const json row = {{"id", span.id()},      {"parent", 0},      {"depth", 0},  {"name", "async"},
                    {"target", "redacted"}, {"file", __FILE__}, {"line", line}};
  e.async_at("begin", row, {before, now()});
  e.async("end", row, [&] { span.end(); }, {{"password", "*** ü"}});
}

// Recorded for the other sink's sake; the upload's filter leaves them out of its blocks.
void record_what_is_left_out(Expected& e) {
  for (int i = 0; i < 200; ++i) {
    MM_TRACE_T("filtered", "left out {}", i);
    if (i % 10 == 0) {
      e.log(
          4, "filtered", "kept " + std::to_string(i), [&] { MM_INFO_T("filtered", "kept {}", i); },
          from_here({}));
    }
    if (i % 25 == 0) {
      e.log(
          6, "loud", "trace " + std::to_string(i), [&] { MM_TRACE_T("loud", "trace {}", i); },
          from_here({}));
    }
  }
}

void wait_for_system_metrics() {
  set_system_metrics_period(100ms);
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (own_metrics().size() < 30) {
    if (std::chrono::steady_clock::now() > deadline || !flush(30s)) {
      std::fprintf(stderr, "scenario: no system metrics came\n");
      std::exit(1);
    }
  }
  set_system_metrics_period(0ms);
}

}  // namespace

void set_options(TelemetryOptions& options) {
  options.log_origin = true;
  options.redactor = &without_secrets;
  options.properties["password"] = "hunter2";
  options.upload_filter = LogFilter(LevelFilter::kInfo, {{"loud", LevelFilter::kTrace}});
  options.report_end = true;
}

void record_options(Expected& e) {
  e.row(0)["properties"]["password"] = "*** ü";
  record_origins(e);
  record_secrets(e);
  record_what_is_left_out(e);
  wait_for_system_metrics();
}

}  // namespace micromegas::conformance
