// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Rows: what a server would show, one JSON object each.
//
//   {"kind": "log", "level", "target", "msg", "properties", "time"}
//   {"kind": "metric", "target", "name", "unit", "value", "properties", "time"}
//   {"kind": "image", "name", "format", "data", "time"}; data in hexadecimal
//   {"kind": "span", "thread", "depth", "name", "target", "file", "line", "properties", "begin",
//    "end"}; depth 1 is outermost, begin or end null when it was not sent
//   {"kind": "async", "event", "id", "parent", "depth", "name", "target", "file", "line",
//    "properties", "time"}
//   {"kind": "process", "id", "parent", "exe", "computer", "username", "frequency", "properties",
//    "time"}
//
// Times are nanoseconds since the Unix epoch. In what is expected (expected.h) they are bounds, and
// "shown" holds the columns, times among them, that only the server's row functions change.
#ifndef MICROMEGAS_TESTS_CONFORMANCE_ROWS_H_
#define MICROMEGAS_TESTS_CONFORMANCE_ROWS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace micromegas::conformance {

using nlohmann::json;

// One JSON value a line.
std::vector<json> parse_lines(std::string_view text);

struct Rows {
  std::vector<json> rows;
  std::vector<std::string> wrong;  // what no row can show: an end without its begin ...
};

// Depth 1: the rows of `official parser`, by the plainest reading of its events. Also finds what is
// wrong with the blocks: events outside or out of order, offsets and stamps with gaps
// (but for both at once in a thread's stream), wrong counts.
Rows rows_of_events(const std::vector<json>& lines);

enum class Depth { kParser, kRows };

// The differences, both rows one above the other; empty: equal, event for event. Order counts among
// the rows of one target (logs), target and name (metrics), thread (spans).
std::vector<std::string> compare(const std::vector<json>& expected, const std::vector<json>& actual,
                                 Depth depth);

// All of them in a text that a person can read; of many, the first ten.
std::string summary(const std::vector<std::string>& differences);

}  // namespace micromegas::conformance

#endif  // MICROMEGAS_TESTS_CONFORMANCE_ROWS_H_
