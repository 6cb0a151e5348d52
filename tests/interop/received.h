// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A collector that keeps what it is sent, as rows.
#ifndef MICROMEGAS_TESTS_INTEROP_RECEIVED_H_
#define MICROMEGAS_TESTS_INTEROP_RECEIVED_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/transport/collector/collector.h"
#include "micromegas/transport/wire/rows.h"

namespace micromegas::testing {

class Received : public collector::CollectorObserver {
 public:
  using Properties = std::map<std::string, std::string>;
  struct Log {
    int level;
    std::string target;
    std::string text;
    Properties properties;
    friend bool operator==(const Log&, const Log&) = default;
  };
  struct Metric {
    std::string target;
    std::string name;
    std::string unit;
    double value;
    Properties properties;
    friend bool operator==(const Metric&, const Metric&) = default;
  };
  struct Span {
    bool begins;
    bool is_async;
    std::string name;
    std::uint64_t id;
    std::uint64_t parent;
    std::uint32_t depth;
    Properties properties;
  };

  // Requests with another key than this are refused; "": none is asked for.
  explicit Received(std::string api_key = {}) {
    auto started = collector::Collector::start({.api_key = std::move(api_key), .observer = this});
    if (started) collector_ = std::move(*started);
  }
  [[nodiscard]] std::string url() const { return collector_->url(); }
  // False if it is not reached in a minute.
  bool wait_for(const std::function<bool(const collector::CollectorStats&)>& reached) const {
    return collector_->wait_for(reached, std::chrono::minutes(1));
  }
  // No more comes.
  void stop() { collector_->stop(); }
  [[nodiscard]] std::uint64_t refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

  [[nodiscard]] std::vector<Properties> processes() const { return copy(processes_); }
  [[nodiscard]] std::vector<Log> logs() const { return copy(logs_); }
  // Without those that the library records of itself.
  [[nodiscard]] std::vector<Metric> metrics() const { return copy(metrics_); }
  [[nodiscard]] std::vector<Span> spans() const { return copy(spans_); }
  // Of the streams of threads.
  [[nodiscard]] std::set<std::string> thread_names() const {
    const std::lock_guard lock(mutex_);
    return thread_names_;
  }

  void on_process(const wire::DecodedProcess& process) override {
    const std::lock_guard lock(mutex_);
    processes_.push_back({process.info.properties.begin(), process.info.properties.end()});
  }
  void on_refused(unsigned, std::string_view) override {
    const std::lock_guard lock(mutex_);
    ++refused_;
  }
  void on_block(const wire::DecodedProcess& process, const wire::DecodedStream& stream,
                const wire::DecodedBlock& block) override {
    const std::lock_guard lock(mutex_);
    (void)wire::for_each_log_row(process, stream, block, [&](const wire::LogRow& row) {
      logs_.push_back(
          {row.level, std::string(row.target), std::string(row.msg), map(row.properties)});
    });
    (void)wire::for_each_metric_row(process, stream, block, [&](const wire::MetricRow& row) {
      if (row.target == "micromegas") return;
      metrics_.push_back({std::string(row.target), std::string(row.name), std::string(row.unit),
                          row.value, map(row.properties)});
    });
    const auto name = stream.properties.find("thread-name");
    if (name != stream.properties.end()) thread_names_.insert(name->second);
    (void)wire::for_each_span_event(process, stream, block, [&](const wire::SpanEventRow& row) {
      spans_.push_back({row.is_begin, row.is_async, std::string(row.name), row.span_id,
                        row.parent_span_id, row.depth, map(row.properties)});
    });
  }

 private:
  static Properties map(std::span<const Property> properties) {
    Properties out;
    for (const Property& p : properties) out.insert_or_assign(std::string(p.name), p.value);
    return out;
  }
  template <class T>
  std::vector<T> copy(const std::vector<T>& rows) const {
    const std::lock_guard lock(mutex_);
    return rows;
  }

  mutable std::mutex mutex_;
  std::vector<Properties> processes_;
  std::vector<Log> logs_;
  std::vector<Metric> metrics_;
  std::vector<Span> spans_;
  std::set<std::string> thread_names_;
  std::uint64_t refused_ = 0;
  std::unique_ptr<collector::Collector> collector_;  // last: it calls the others
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_INTEROP_RECEIVED_H_
