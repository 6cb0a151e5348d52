// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "micromegas/dispatch.h"
#include "micromegas/tests/conformance/scenario.h"

namespace micromegas::conformance {
namespace {

void record_integer_values(Expected& e) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{9'007'199'254'740'993},
        std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max()}) {
    e.metric("metrics", "integer", "count", value,
             [&] { MM_IMETRIC_T("metrics", "integer", "count", value); });
  }
  e.metric(__FILE__, "own target", "bytes", 127,
           [] { MM_IMETRIC("own target", "bytes", static_cast<signed char>(127)); });
  e.metric("metrics", "", "", 2, [] { MM_IMETRIC_T("metrics", "", "", 2U); });
  e.metric("métriques", "größe", "µs", 3, [] { MM_IMETRIC_T("métriques", "größe", "µs", 3U); });
  // The server converts integers in ticks, and nothing else.
  json& ticks = e.metric("metrics", "in ticks", "ticks", 2'500'000'000, [] {
    MM_IMETRIC_T("metrics", "in ticks", "ticks", std::uint64_t{2'500'000'000});
  });
  ticks["shown"] = {{"value", 2.5}, {"unit", "seconds"}};
  e.metric("metrics", "float ticks", "ticks", 4.0,
           [] { MM_FMETRIC_T("metrics", "float ticks", "ticks", 4.0); });
}

void record_float_values(Expected& e) {
  using Limits = std::numeric_limits<double>;
  const auto metric = [&](json shown, double value) {
    e.metric("metrics", "float", "ms", std::move(shown),
             [&] { MM_FMETRIC_T("metrics", "float", "ms", value); });
  };
  metric(0.0, 0.0);
  metric(-0.0, -0.0);
  metric(0.1, 0.1);
  metric(-1.5, -1.5);
  metric(Limits::max(), Limits::max());
  metric(Limits::lowest(), Limits::lowest());
  metric(Limits::min(), Limits::min());
  metric(Limits::denorm_min(), Limits::denorm_min());
  metric("inf", Limits::infinity());
  metric("-inf", -Limits::infinity());
  metric("NaN", Limits::quiet_NaN());
  e.metric(__FILE__, "single", "ms", 0.5, [] { MM_FMETRIC("single", "ms", 0.5F); });
}

void record_names_of_run_time(Expected& e) {
  for (const std::string disk : {"a", "b", "", "ü"}) {
    e.metric("disks", "free." + disk, "bytes", 10,
             [&] { MM_IMETRIC_DYN_T("disks", "free." + disk, "bytes", 10U); });
    e.metric("disks", "used." + disk, "percent" + disk, 0.25,
             [&] { MM_FMETRIC_DYN_T("disks", "used." + disk, "percent" + disk, 0.25); });
  }
  e.metric(__FILE__, "i", "u", 1, [] { MM_IMETRIC_DYN("i", "u", 1U); });
  e.metric(__FILE__, "f", "u", 1.0, [] { MM_FMETRIC_DYN("f", "u", 1.0); });
  const std::string longest(1024, 'n');
  e.metric("disks", longest, longest, 5,
           [&] { MM_IMETRIC_DYN_T("disks", longest + "and more", longest, 5U); });
}

void record_tagged(Expected& e) {
  static constinit StaticMetricMetadata site{
      .name = "tagged", .unit = "count", .target = "metrics"};
  const PropertySet& set = PropertySet::intern({{"zone", "eu"}, {"Zone2", "é"}, {"empty", ""}});
  const Expected::Properties properties = {{"zone", "eu"}, {"Zone2", "é"}, {"empty", ""}};
  e.metric(
      "metrics", "tagged", "count", 9, [&] { dispatch::tagged_integer_metric(site, set, 9); },
      properties);
  e.metric(
      "metrics", "tagged", "count", 9.5, [&] { dispatch::tagged_float_metric(site, set, 9.5); },
      properties);
  const Property pairs[] = {{"Zone", "us"}, {"route", "/é"}, {"unit", "refused"}};
  const Expected::Properties both = {
      {"Zone", "us"}, {"route", "/é"}, {"Zone2", "é"}, {"empty", ""}};
  e.metric(
      "metrics", "tagged", "count", 11,
      [&] { dispatch::tagged_integer_metric_dyn(site, set, pairs, 11); }, both);
  e.metric(
      "metrics", "tagged", "count", 11.5,
      [&] { dispatch::tagged_float_metric_dyn(site, set, pairs, 11.5); }, both);
  e.metric("metrics", "tagged", "count", 10, [] { dispatch::int_metric(site, 10); });
  e.metric("metrics", "tagged", "count", 10.5, [] { dispatch::float_metric(site, 10.5); });
}

void record_structured(Expected& e) {
  using namespace literals;
  const PropertySet& set = PropertySet::intern({{"zone", "eu"}, {"route", "of the set"}});
  e.metric("metrics", "structured", "ms", 1.5,
           [&] {
             MM_FMETRIC_T("metrics", "structured", "ms", 1.5, "route"_k = "/é", "status"_k = 200,
                          set);
           },
           {{"route", "/é"}, {"status", "200"}, {"zone", "eu"}});
  e.metric("metrics", "structured", "count", 7,
           [&] { MM_IMETRIC_T("metrics", "structured", "count", 7U, set); },
           {{"zone", "eu"}, {"route", "of the set"}});
  e.metric("metrics", "named", "unit", 8,
           [] { MM_IMETRIC_DYN_T("metrics", "named", "unit", 8U, "level"_k = "not a level"); },
           {{"level", "not a level"}});
  e.metric("metrics", "named", "unit", 0.5,
           [&] { MM_FMETRIC_DYN_T("metrics", "named", "unit", 0.5, set, "k"_k = -1); },
           {{"k", "-1"}, {"zone", "eu"}, {"route", "of the set"}});
}

// What was added becomes metrics with the flush.
void record_aggregates(Expected& e) {
  static const PropertySet& set = PropertySet::intern({{"zone", "eu"}});
  e.metric("metrics", "requests", "count", 55, [] {
    for (unsigned i = 1; i <= 10; ++i) MM_COUNTER_T("metrics", "requests", "count", i);
    flush(std::chrono::seconds(30));
  });
  const std::int64_t before = now();
  for (int i = 0; i < 3; ++i) MM_HISTOGRAM_T("metrics", "latency", "ms", 2.5, set);
  flush(std::chrono::seconds(30));
  const json time = {before, now()};
  const auto row = [&](const char* name, const char* unit, json value) {
    e.add({{"kind", "metric"},
           {"target", "metrics"},
           {"name", name},
           {"unit", unit},
           {"value", std::move(value)},
           {"properties", {{"zone", "eu"}}},
           {"time", time}});
  };
  row("latency.count", "count", 3);
  row("latency.sum", "ms", 7.5);
  for (const char* name :
       {"latency.min", "latency.max", "latency.p50", "latency.p90", "latency.p99"}) {
    row(name, "ms", 2.5);
  }
}

}  // namespace

void record_metrics(Expected& expected) {
  record_integer_values(expected);
  record_float_values(expected);
  record_names_of_run_time(expected);
  record_tagged(expected);
  record_structured(expected);
  record_aggregates(expected);
}

}  // namespace micromegas::conformance
