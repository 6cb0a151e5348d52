// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The requests that the official Rust client sent in one fixed scenario, in order of arrival.
#ifndef MICROMEGAS_TESTS_COLLECTOR_CAPTURES_H_
#define MICROMEGAS_TESTS_COLLECTOR_CAPTURES_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "micromegas/transport/collector/folder.h"
#include "micromegas/transport/collector/stats.h"

namespace micromegas::testing {

inline constexpr char kCapturesFolder[] = "tests/wire/data/captures/rust-0.33.0";

struct Capture {
  collector::BodyKind kind = collector::BodyKind::kProcess;
  std::string body;
};

inline std::vector<Capture> captures() {
  std::vector<Capture> all;
  const auto entries = collector::list_folder(kCapturesFolder);
  if (!entries) {
    ADD_FAILURE() << entries.error().message();
    return all;
  }
  for (const auto& entry : *entries) {
    auto body = collector::read_file(std::string(kCapturesFolder) + "/" + entry.name, 1 << 20);
    if (!body) ADD_FAILURE() << body.error().message();
    if (body) all.push_back({entry.kind, *body});
  }
  return all;
}

inline std::vector<Capture> captures(collector::BodyKind kind) {
  std::vector<Capture> some;
  for (const Capture& capture : captures()) {
    if (capture.kind == kind) some.push_back(capture);
  }
  return some;
}

inline std::string path_of(collector::BodyKind kind) {
  return "/ingestion/insert_" + std::string(to_string(kind));
}

// Counted by hand from the official decoder's output (decoded.jsonl).
inline constexpr collector::EventCounts kCapturedEvents{.logs = 39,
                                                        .integer_metrics = 13,
                                                        .float_metrics = 10,
                                                        .span_begins = 27,
                                                        .span_ends = 27,
                                                        .async_begins = 17,
                                                        .async_ends = 17,
                                                        .images = 2};
inline constexpr std::uint64_t kCapturedStreams = 7;
inline constexpr std::uint64_t kCapturedBlocks = 9;

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_COLLECTOR_CAPTURES_H_
