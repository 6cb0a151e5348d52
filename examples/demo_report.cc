// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/examples/demo_report.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

namespace demo {
namespace {

using micromegas::EventKind;
using micromegas::KindStats;

constexpr std::string_view kTotal = "total";
constexpr std::size_t kSlowestSpans = 8;

struct Row {
  std::string_view name;
  std::uint64_t recorded;
  std::uint64_t delivered;
  std::uint64_t dropped;
};

std::uint64_t delivered(const Report& report, EventKind kind) {
  if (!report.collector) return report.client.events[static_cast<std::size_t>(kind)].delivered;
  const auto& events = report.collector->events;
  switch (kind) {
    case EventKind::kLog:
      return events.logs;
    case EventKind::kIntegerMetric:
      return events.integer_metrics;
    case EventKind::kFloatMetric:
      return events.float_metrics;
    case EventKind::kSpan:
      return events.span_begins + events.span_ends;
    case EventKind::kAsyncSpan:
      return events.async_begins + events.async_ends;
    case EventKind::kImage:
      return events.images;
  }
  return 0;
}

std::vector<Row> rows(const Report& report) {
  constexpr const char* kNames[] = {"log",  "integer_metric", "float_metric",
                                    "span", "async_span",     "image"};
  std::vector<Row> out;
  Row total{kTotal, 0, 0, 0};
  for (std::size_t i = 0; i < micromegas::kEventKinds; ++i) {
    const KindStats& kind = report.client.events[i];
    out.push_back({kNames[i], kind.recorded, delivered(report, static_cast<EventKind>(i)),
                   kind.dropped_total()});
    total.recorded += out.back().recorded;
    total.delivered += out.back().delivered;
    total.dropped += out.back().dropped;
  }
  out.push_back(total);
  return out;
}

std::span<const micromegas::collector::SpanSummary> slowest(const Report& report) {
  return std::span(report.spans).first(std::min(kSlowestSpans, report.spans.size()));
}

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

}  // namespace

bool all_delivered(const Report& report) {
  for (const Row& row : rows(report)) {
    if (row.recorded != row.delivered || row.dropped != 0) return false;
  }
  return true;
}

void print(const Report& report) {
  const auto& index = report.index;
  std::printf("\nindexed %llu files in %.2f s: %.1f MB, %llu lines, %llu words (%llu skipped)\n",
              static_cast<unsigned long long>(index.files), report.job_seconds,
              static_cast<double>(index.bytes) / 1e6, static_cast<unsigned long long>(index.lines),
              static_cast<unsigned long long>(index.words),
              static_cast<unsigned long long>(index.skipped));
  std::printf("most frequent:");
  for (const auto& [word, n] : index.frequent) {
    std::printf(" %s (%llu)", word.c_str(), static_cast<unsigned long long>(n));
  }
  std::printf("\n\n%-16s %12s %12s %12s\n", "events", "recorded", "delivered", "dropped");
  for (const Row& row : rows(report)) {
    std::printf("%-16s %12llu %12llu %12llu\n", std::string(row.name).c_str(),
                static_cast<unsigned long long>(row.recorded),
                static_cast<unsigned long long>(row.delivered),
                static_cast<unsigned long long>(row.dropped));
  }
  std::printf("\n%llu blocks, %llu bytes in %llu requests (%llu retries)\n",
              static_cast<unsigned long long>(report.client.blocks_sent),
              static_cast<unsigned long long>(report.client.bytes_sent),
              static_cast<unsigned long long>(report.client.requests),
              static_cast<unsigned long long>(report.client.retries));
  if (!report.spans.empty()) {
    std::printf("\n%-24s %8s %12s %12s\n", "slowest spans", "count", "longest ms", "total ms");
    for (const auto& span : slowest(report)) {
      std::printf("%-24.24s %8llu %12.3f %12.3f\n", span.name.c_str(),
                  static_cast<unsigned long long>(span.count),
                  static_cast<double>(span.max_ns) / 1e6, static_cast<double>(span.total_ns) / 1e6);
    }
  }
  std::printf(
      "\ncost of a log with a path and two integers, seen by the workers (with one clock read of "
      "the\nmeasurement in it): median %.0f ns, 99%% %.0f ns, %zu samples\n",
      percentile(index.event_cost_ns, 0.5), percentile(index.event_cost_ns, 0.99),
      index.event_cost_ns.size());
  std::puts(all_delivered(report) ? "\neverything recorded was delivered"
                                  : "\nNOT everything recorded was delivered");
}

bool write_json(const Report& report, const std::string& path) {
  nlohmann::ordered_json out;
  for (const Row& row : rows(report)) {
    auto& figures = row.name == kTotal ? out[kTotal] : out["kinds"][row.name];
    figures = {{"recorded", row.recorded}, {"delivered", row.delivered}, {"dropped", row.dropped}};
  }
  out["blocks"] = report.client.blocks_sent;
  out["bytes"] = report.client.bytes_sent;
  out["requests"] = report.client.requests;
  out["retries"] = report.client.retries;
  out["slowest_spans"] = nlohmann::ordered_json::array();
  for (const auto& span : slowest(report)) {
    out["slowest_spans"].push_back({{"name", span.name},
                                    {"count", span.count},
                                    {"max_ns", span.max_ns},
                                    {"total_ns", span.total_ns}});
  }
  const auto& cost = report.index.event_cost_ns;
  out["event_cost_ns"] = {
      {"median", percentile(cost, 0.5)}, {"p99", percentile(cost, 0.99)}, {"samples", cost.size()}};
  out["job_seconds"] = report.job_seconds;
  const auto& index = report.index;
  out["index"] = {{"files", index.files}, {"skipped", index.skipped},
                  {"bytes", index.bytes}, {"lines", index.lines},
                  {"words", index.words}, {"frequent", nlohmann::ordered_json::array()}};
  for (const auto& [word, n] : index.frequent) {
    out["index"]["frequent"].push_back({{"word", word}, {"count", n}});
  }
  std::ofstream file(path);
  file << out.dump(2) << '\n';
  return static_cast<bool>(file.flush());
}

}  // namespace demo
