// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the scenario recorded, written down as it knows it: one JSON object a row, in the shape of
// rows.h, but each time as the bounds [before, after] that the scenario saw. Nothing here comes
// from a record, a block or an encoder.
#ifndef MICROMEGAS_TESTS_CONFORMANCE_EXPECTED_H_
#define MICROMEGAS_TESTS_CONFORMANCE_EXPECTED_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/telemetry.h"

namespace micromegas::conformance {

using nlohmann::json;

// One thread's; append() joins them.
class Expected {
 public:
  using Properties = std::map<std::string, std::string>;

  explicit Expected(WireCompatibility compatibility = WireCompatibility::k033)
      : compatibility_(compatibility) {}
  [[nodiscard]] WireCompatibility compatibility() const { return compatibility_; }

  // `record` records exactly one event; the rest says which.
  template <class Record>
  void log(int level, std::string target, std::string msg, Record record,
           Properties properties = {}) {
    json row = {{"kind", "log"},
                {"level", level},
                {"target", std::move(target)},
                {"msg", std::move(msg)},
                {"properties", properties}};
    row["time"] = bounds(record);
    rows_.push_back(std::move(row));
  }

  // `value`: a number, or "NaN", "inf", "-inf".
  template <class Record>
  json& metric(std::string target, std::string name, std::string unit, json value, Record record,
               Properties properties = {}) {
    json row = {{"kind", "metric"},          {"target", std::move(target)},
                {"name", std::move(name)},   {"unit", std::move(unit)},
                {"value", std::move(value)}, {"properties", properties}};
    row["time"] = bounds(record);
    rows_.push_back(std::move(row));
    return rows_.back();
  }

  template <class Record>
  void image(std::string name, std::string format, std::string hex, Record record) {
    json row = {{"kind", "image"},
                {"name", std::move(name)},
                {"format", std::move(format)},
                {"data", std::move(hex)}};
    row["time"] = bounds(record);
    rows_.push_back(std::move(row));
  }

  // Servers before 0.33 have no properties of spans.
  template <class Record>
  void async(std::string event, json span, Record record, const Properties& properties = {}) {
    const json time = bounds(record);
    async_at(std::move(event), std::move(span), time, properties);
  }
  void async_at(std::string event, json span, json time, const Properties& properties = {}) {
    span["kind"] = "async";
    span["event"] = std::move(event);
    span["properties"] = json::object();
    if (compatibility_ == WireCompatibility::k033) span["properties"].update(properties);
    span["time"] = std::move(time);
    rows_.push_back(std::move(span));
  }

  // A row whose times come later; the index stays valid.
  std::size_t add(json row) {
    rows_.push_back(std::move(row));
    return rows_.size() - 1;
  }
  json& row(std::size_t index) { return rows_[index]; }

  void append(Expected other) {
    for (json& row : other.rows_) rows_.push_back(std::move(row));
    dropped_ += other.dropped_;
  }
  [[nodiscard]] const std::vector<json>& rows() const { return rows_; }

  // So many events of what was just recorded are counted as dropped, being nonsense.
  void drops(std::uint64_t events) { dropped_ += events; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  [[nodiscard]] int depth() const { return depth_; }
  void enter() { ++depth_; }
  void leave() { --depth_; }

 private:
  template <class Record>
  static json bounds(Record& record) {
    const std::int64_t before = now();
    record();
    return {before, now()};
  }

  WireCompatibility compatibility_;
  std::vector<json> rows_;
  int depth_ = 0;  // open spans of this thread
  std::uint64_t dropped_ = 0;
};

// The two halves of a span's expectation stand around the span itself: SCENARIO_SPAN below.
class SpanOutside {
 public:
  SpanOutside(Expected& expected, std::string thread, std::string name, std::string target,
              int line, const char* file)
      : expected_(expected), begin_(now()) {
    expected_.enter();
    index_ = expected_.add({{"kind", "span"},
                            {"thread", std::move(thread)},
                            {"depth", expected_.depth()},
                            {"name", std::move(name)},
                            {"target", std::move(target)},
                            {"file", file},
                            {"line", line},
                            {"properties", json::object()}});
  }
  ~SpanOutside() {
    expected_.leave();
    expected_.row(index_)["end"] = {end_, now()};
  }
  SpanOutside(const SpanOutside&) = delete;
  SpanOutside& operator=(const SpanOutside&) = delete;

  // Servers before 0.33 have no properties of spans.
  void properties(const Expected::Properties& properties) {
    if (expected_.compatibility() == WireCompatibility::k033) {
      expected_.row(index_)["properties"] = properties;
    }
  }
  void begun() { expected_.row(index_)["begin"] = {begin_, now()}; }
  void ending() { end_ = now(); }

 private:
  Expected& expected_;
  const std::int64_t begin_;
  std::int64_t end_ = 0;
  std::size_t index_ = 0;
};

class SpanInside {
 public:
  explicit SpanInside(SpanOutside& outside) : outside_(outside) { outside_.begun(); }
  ~SpanInside() { outside_.ending(); }
  SpanInside(const SpanInside&) = delete;
  SpanInside& operator=(const SpanInside&) = delete;

 private:
  SpanOutside& outside_;
};

}  // namespace micromegas::conformance

// SCENARIO_SPAN(expected, "main", "work", __FILE__, MM_SPAN("work")): records the span from here to
// the end of the block and expects its row on the thread of that name. One a block and line.
#define SCENARIO_SPAN(expected, thread, name, target, statement)                          \
  ::micromegas::conformance::SpanOutside scenario_outside(expected, thread, name, target, \
                                                          __LINE__, __FILE__);            \
  statement;                                                                              \
  const ::micromegas::conformance::SpanInside scenario_inside(scenario_outside)

#endif  // MICROMEGAS_TESTS_CONFORMANCE_EXPECTED_H_
