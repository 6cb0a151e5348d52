// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/delivery/oracle.h"

#include <gtest/gtest.h>

#include <charconv>

#include "micromegas/transport/wire/rows.h"

namespace micromegas::testing {
namespace {

constexpr std::uint64_t kThreadShift = 32;  // in a metric's value: thread, number

const KindStats& of(const TelemetryStats& stats, EventKind kind) {
  return stats.events[static_cast<std::size_t>(kind)];
}

}  // namespace

void Oracle::Seen::begin(const Plan& plan, bool recorded) {
  const std::size_t threads = recorded ? static_cast<std::size_t>(plan.threads) : 0;
  came_.assign(threads, std::vector<bool>(static_cast<std::size_t>(plan.numbers)));
  count_ = 0;
}

void Oracle::Seen::add(const char* what, Number number) {
  const auto [thread, n] = number;
  if (thread < 0 || static_cast<std::size_t>(thread) >= came_.size() || n < 0 ||
      static_cast<std::size_t>(n) >= came_[static_cast<std::size_t>(thread)].size()) {
    ADD_FAILURE() << "nobody recorded this " << what << ": thread " << thread << ", number " << n;
    return;
  }
  auto came = came_[static_cast<std::size_t>(thread)][static_cast<std::size_t>(n)];
  if (came) ADD_FAILURE() << "twice: " << what << ", thread " << thread << ", number " << n;
  count_ += came ? 0U : 1U;
  came = true;
}

std::uint64_t Oracle::Seen::planned() const {
  return came_.empty() ? 0 : came_.size() * came_.front().size();
}

void Oracle::expect(Plan plan) {
  const std::lock_guard lock(mutex_);
  metrics_.begin(plan, plan.metrics);
  begins_.begin(plan, plan.spans);
  ends_.begin(plan, plan.spans);
  if (plan.numbers_of_logs != -1) plan.numbers = plan.numbers_of_logs;
  logs_.begin(plan, plan.logs);
  processes_.clear();
  streams_.clear();
  bodies_.clear();
  reports_ = 0;
  reported_.clear();
}

void Oracle::record(int thread, int number) {
  MM_SPAN_DYN("span " + std::to_string(thread) + " " + std::to_string(number));
  record_log(thread, number);
  record_metric(thread, number);
}

void Oracle::record_log(int thread, int number) { MM_INFO("{} {}", thread, number); }

void Oracle::record_metric(int thread, int number) {
  MM_IMETRIC(
      "numbers", "count",
      static_cast<std::uint64_t>(thread) << kThreadShift | static_cast<std::uint64_t>(number));
}

void Oracle::take(const ReceivedRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.path == "/ingestion/insert_process") {
    auto process = wire::decode_process(request.body);
    ASSERT_TRUE(process);
    processes_[process->info.process_id] = std::move(*process);
  } else if (request.path == "/ingestion/insert_stream") {
    auto stream = wire::decode_stream(request.body);
    ASSERT_TRUE(stream);
    streams_[stream->stream_id] = std::move(*stream);
  } else {
    auto block = wire::decode_block(request.body);
    ASSERT_TRUE(block);
    const auto [it, is_new] = bodies_.emplace(block->block_id, request.body);
    EXPECT_EQ(it->second, request.body) << "other bytes under the same id";
    if (!is_new) return;
    const auto stream = streams_.find(block->stream_id);
    const auto process = processes_.find(block->process_id);
    ASSERT_TRUE(stream != streams_.end() && process != processes_.end())
        << "a block came before its stream or process";
    read_locked(process->second, stream->second, *block);
  }
}

void Oracle::read(const wire::DecodedProcess& process, const wire::DecodedStream& stream,
                  const wire::DecodedBlock& block) {
  const std::lock_guard lock(mutex_);
  read_locked(process, stream, block);
}

Oracle::Number Oracle::parse(std::string_view text) {
  Number number{-1, -1};
  const char* const end = text.data() + text.size();
  const auto [space, error] = std::from_chars(text.data(), end, number.first);
  if (error == std::errc() && space != end) std::from_chars(space + 1, end, number.second);
  return number;
}

void Oracle::read_locked(const wire::DecodedProcess& process, const wire::DecodedStream& stream,
                         const wire::DecodedBlock& block) {
  if (stream.has_tag("log")) {
    EXPECT_TRUE(wire::for_each_log_row(process, stream, block, [&](const wire::LogRow& row) {
      logs_.add("log", parse(row.msg));
    }));
  } else if (stream.has_tag("metrics")) {
    EXPECT_TRUE(wire::for_each_metric_row(process, stream, block, [&](const wire::MetricRow& row) {
      if (row.name.starts_with("telemetry_dropped_")) {
        ++reports_;
        reported_[std::string(row.name)] += row.integer;
      } else {
        metrics_.add("metric", {static_cast<int>(row.integer >> kThreadShift),
                                static_cast<int>(row.integer & 0xffffffff)});
      }
    }));
  } else {
    EXPECT_TRUE(
        wire::for_each_span_event(process, stream, block, [&](const wire::SpanEventRow& row) {
          (row.is_begin ? begins_ : ends_).add("span", parse(row.name.substr(5)));
        }));
  }
}

void Oracle::check(const TelemetryStats& stats) const {
  const std::lock_guard lock(mutex_);
  const auto hold = [](const KindStats& books, std::uint64_t planned, std::uint64_t stored,
                       const char* what) {
    EXPECT_EQ(books.recorded, planned) << what;
    EXPECT_EQ(books.recorded, books.delivered + books.dropped_total() + books.held) << what;
    EXPECT_LE(books.delivered, stored) << what << " called delivered and not stored";
    EXPECT_LE(planned - stored, books.dropped_total() + books.held)
        << what << " missing that the books do not name";
  };
  hold(of(stats, EventKind::kLog), logs_.planned(), logs_.count(), "logs");
  // Reports of drops are metrics too, and may be dropped.
  const KindStats& metrics = of(stats, EventKind::kIntegerMetric);
  EXPECT_GE(metrics.recorded, metrics_.planned() + reports_);
  hold(metrics, metrics.recorded, metrics_.count() + reports_, "metrics");
  const KindStats& spans = of(stats, EventKind::kSpan);
  hold(spans, begins_.planned() + ends_.planned(), begins_.count() + ends_.count(), "spans");
  EXPECT_TRUE(spans.dropped_total() + spans.held != 0 || begins_ == ends_) << "half a span";
}

void Oracle::expect_all() const {
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(logs_.count(), logs_.planned());
  EXPECT_EQ(metrics_.count(), metrics_.planned());
  EXPECT_EQ(begins_.count(), begins_.planned());
  EXPECT_EQ(ends_.count(), ends_.planned());
}

void Oracle::expect_none() const {
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(logs_.count() + metrics_.count() + begins_.count() + ends_.count(), 0U);
}

std::uint64_t Oracle::reported(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto it = reported_.find(name);
  return it == reported_.end() ? 0 : it->second;
}

}  // namespace micromegas::testing
