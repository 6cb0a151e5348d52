// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Knows what should have arrived: each thread numbers its events, and what a server has stored is
// held against that. Nothing twice, nothing invented, nothing missing that the books do not name.
//
//   Oracle::record(thread, number);                 // a log, a metric and a span
//   oracle.take(request);                           // what the server has stored, as often as it
//   comes oracle.expect_all(threads, numbers, stats());   // or
//   expect_no_more_missing_than_the_books_say()
#ifndef MICROMEGAS_TESTS_DELIVERY_ORACLE_H_
#define MICROMEGAS_TESTS_DELIVERY_ORACLE_H_

#include <gtest/gtest.h>

#include <charconv>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "micromegas/telemetry.h"
#include "micromegas/tests/http/scripted_server.h"
#include "micromegas/transport/wire/decode.h"
#include "micromegas/transport/wire/rows.h"

namespace micromegas::testing {

class Oracle {
 public:
  using Number = std::pair<int, int>;  // thread, number

  static void record(int thread, int number) {
    MM_SPAN_DYN("span " + std::to_string(thread) + " " + std::to_string(number));
    MM_INFO("{} {}", thread, number);
    MM_IMETRIC_DYN("metric " + std::to_string(thread), "count", static_cast<std::uint64_t>(number));
  }

  // Inserts are by id: the first one counts, and the same id must bring the same bytes.
  void take(const ReceivedRequest& request) {
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
      if (is_new) read(*block);
    }
  }

  // Each number of each thread once, as log, metric and span.
  void expect_all(int threads, int numbers) {
    const std::lock_guard lock(mutex_);
    std::set<Number> wanted;
    for (int t = 0; t < threads; ++t) {
      for (int n = 0; n < numbers; ++n) wanted.insert(wanted.end(), {t, n});
    }
    EXPECT_TRUE(logs_ == wanted) << logs_.size() << " logs of " << wanted.size();
    EXPECT_TRUE(metrics_ == wanted) << metrics_.size() << " metrics of " << wanted.size();
    EXPECT_TRUE(begins_ == wanted) << begins_.size() << " spans of " << wanted.size();
    EXPECT_TRUE(ends_ == wanted) << ends_.size() << " ends of " << wanted.size();
  }

  // As many as the books call delivered, each of them recorded.
  void expect_what_the_books_say(const TelemetryStats& stats, int threads, int numbers) {
    const std::lock_guard lock(mutex_);
    const auto delivered = [&](EventKind kind) {
      return stats.events[static_cast<std::size_t>(kind)].delivered;
    };
    EXPECT_EQ(logs_.size(), delivered(EventKind::kLog));
    EXPECT_EQ(metrics_.size() + reports_, delivered(EventKind::kIntegerMetric));
    EXPECT_EQ(begins_.size() + ends_.size(), delivered(EventKind::kSpan));
    EXPECT_EQ(begins_, ends_) << "spans arrive whole";
    for (const auto* seen : {&logs_, &metrics_, &begins_}) {
      for (const auto& [thread, number] : *seen) {
        EXPECT_TRUE(thread >= 0 && thread < threads && number >= 0 && number < numbers);
      }
    }
  }
  // telemetry_dropped_... by name: their sum.
  [[nodiscard]] std::uint64_t reported(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto it = reported_.find(name);
    return it == reported_.end() ? 0 : it->second;
  }

 private:
  static Number parse(std::string_view text) {
    Number number{-1, -1};
    const char* const end = text.data() + text.size();
    const auto [space, error] = std::from_chars(text.data(), end, number.first);
    if (error == std::errc() && space != end) std::from_chars(space + 1, end, number.second);
    return number;
  }
  static void once(std::set<Number>& seen, Number number) {
    EXPECT_TRUE(seen.insert(number).second)
        << "twice: thread " << number.first << ", number " << number.second;
  }

  void read(const wire::DecodedBlock& block) {
    const auto stream = streams_.find(block.stream_id);
    const auto process = processes_.find(block.process_id);
    ASSERT_TRUE(stream != streams_.end() && process != processes_.end())
        << "a block came before its stream or process";
    const wire::DecodedStream& s = stream->second;
    const wire::DecodedProcess& p = process->second;
    if (s.has_tag("log")) {
      EXPECT_TRUE(wire::for_each_log_row(
          p, s, block, [&](const wire::LogRow& row) { once(logs_, parse(row.msg)); }));
    } else if (s.has_tag("metrics")) {
      EXPECT_TRUE(wire::for_each_metric_row(p, s, block, [&](const wire::MetricRow& row) {
        if (row.name.starts_with("telemetry_dropped_")) {
          ++reports_;
          reported_[std::string(row.name)] += row.integer;
          return;
        }
        Number number = parse(row.name.substr(7));
        number.second = static_cast<int>(row.integer);
        once(metrics_, number);
      }));
    } else {
      EXPECT_TRUE(wire::for_each_span_event(p, s, block, [&](const wire::SpanEventRow& row) {
        once(row.is_begin ? begins_ : ends_, parse(row.name.substr(5)));
      }));
    }
  }

  mutable std::mutex mutex_;
  std::map<Uuid, wire::DecodedProcess> processes_;
  std::map<Uuid, wire::DecodedStream> streams_;
  std::map<Uuid, std::string> bodies_;
  std::set<Number> logs_, metrics_, begins_, ends_;
  std::uint64_t reports_ = 0;
  std::map<std::string, std::uint64_t> reported_;
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_DELIVERY_ORACLE_H_
