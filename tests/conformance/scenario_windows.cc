// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Spans of which only some windows of time are sent: streams with gaps.

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "micromegas/dispatch.h"
#include "micromegas/sampling.h"
#include "micromegas/tests/conformance/scenario.h"

namespace micromegas::conformance {
namespace {

constexpr char kThread[] = "main-thread";

constinit SpanMetadata g_across{.name = "across",
                                .location = {.target = "w", .file = "w.cc", .line = 5}};

json across() {
  return {{"kind", "span"}, {"thread", kThread}, {"depth", 1}, {"name", "across"},
          {"target", "w"},  {"file", "w.cc"},    {"line", 5},  {"properties", json::object()}};
}

void record_spans_and_others(Expected& e, const std::string& name) {
  for (int i = 0; i < 50; ++i) {
    SCENARIO_SPAN(e, kThread, name, __FILE__, MM_SPAN_DYN(name));
    { SCENARIO_SPAN(e, kThread, "inside", __FILE__, MM_SPAN("inside")); }
  }
  const std::int64_t before = now();
  const int line = __LINE__ + 1;
  AsyncSpan span = MM_BEGIN_ASYNC_SPAN_DYN_T("w", name);
  const json row = {{"id", span.id()}, {"parent", 0},      {"depth", 0},  {"name", name},
                    {"target", "w"},   {"file", __FILE__}, {"line", line}};
  e.async_at("begin", row, {before, now()});
  e.async("end", row, [&] { span.end(); });
}

}  // namespace

void set_windows(TelemetryOptions& options) { options.span_sampling = SpanSampling::kWindows; }

// Each part has blocks of its own: a flush cuts them, and decides.
void record_windows(Expected& e) {
  const auto part = [&](const char* name, bool chosen, auto more) {
    Expected spans(e.compatibility());
    const std::int64_t begin = now();
    more(spans, name, begin);
    if (chosen) sample_spans({begin, now()});
    if (!flush(std::chrono::seconds(30))) std::exit(1);
    if (chosen) e.append(std::move(spans));
    e.log(4, "windows", name, [&] { log_dynamic(Level::kInfo, "windows", name); });
  };
  const auto plain = [](Expected& spans, const char* name, std::int64_t) {
    record_spans_and_others(spans, name);
  };
  part("left out", false, plain);
  part("chosen", true, plain);
  part("chosen, next to it", true, plain);
  std::int64_t before_across = 0;
  part("begins outside", false, [&](Expected& spans, const char* name, std::int64_t) {
    record_spans_and_others(spans, name);
    before_across = now();
    dispatch::on_begin_scope(g_across);
  });
  // Its begin is where the blocks begin that are there: at the last event before them.
  part("ends inside", true, [&](Expected& spans, const char* name, std::int64_t begin) {
    json row = across();
    dispatch::on_end_scope(g_across);
    row.update({{"begin", nullptr}, {"end", {begin, now()}}});
    row["shown"] = {{"begin", {before_across, now()}}};
    spans.add(std::move(row));
    record_spans_and_others(spans, name);
  });
  part("left out again", false, plain);
  part("begins inside", true, [&](Expected& spans, const char* name, std::int64_t) {
    record_spans_and_others(spans, name);
    json row = across();
    const std::int64_t before = now();
    dispatch::on_begin_scope(g_across);
    row.update({{"begin", {before, now()}}, {"end", nullptr}});
    row["shown"] = {{"end", {before, now() + 60'000'000'000}}};
    spans.add(std::move(row));
  });
  part("ends outside", false, [&](Expected& spans, const char* name, std::int64_t) {
    dispatch::on_end_scope(g_across);
    record_spans_and_others(spans, name);
  });
  part("chosen at the end", true, plain);
}

}  // namespace micromegas::conformance
