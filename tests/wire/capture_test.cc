// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the official Rust client sent decodes to the very lines that the official crates gave.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "micromegas/tests/wire/vectors.h"
#include "micromegas/transport/wire/json_lines.h"
#include "micromegas/transport/wire/rows.h"
#include "micromegas/transport/wire/span_tree.h"

namespace micromegas::wire::testing {
namespace {

struct Decoded {
  DecodedProcess process;
  std::map<std::string, DecodedStream> streams;  // by file
  std::map<std::string, DecodedBlock> blocks;    // by file

  const DecodedStream& stream_of(const DecodedBlock& block) const {
    for (const auto& [file, stream] : streams) {
      if (stream.stream_id == block.stream_id) return stream;
    }
    ADD_FAILURE() << "a block of an unknown stream";
    return streams.begin()->second;
  }
};

Decoded decode_all() {
  Decoded decoded;
  for (const Capture& capture : captures()) {
    if (capture.file.find("process") != std::string::npos) {
      auto process = decode_process(capture.body);
      EXPECT_TRUE(process) << process.error().message();
      decoded.process = *process;
    } else if (capture.file.find("stream") != std::string::npos) {
      auto stream = decode_stream(capture.body);
      EXPECT_TRUE(stream) << stream.error().message();
      decoded.streams.emplace(capture.file, *stream);
    } else {
      auto block = decode_block(capture.body);
      EXPECT_TRUE(block) << block.error().message();
      decoded.blocks.emplace(capture.file, *block);
    }
  }
  return decoded;
}

TEST(Capture, DecodesToTheOfficialLines) {
  const Decoded decoded = decode_all();
  std::vector<std::string> lines;
  lines.push_back(process_line(decoded.process));
  for (const auto& [file, stream] : decoded.streams) lines.push_back(stream_line(stream, file));
  for (const auto& named : decoded.blocks) {
    const auto& file = named.first;  // not bound: clang 14 lets no lambda have it
    const auto& block = named.second;
    const DecodedStream& stream = decoded.stream_of(block);
    lines.push_back(block_line(block, stream, file));
    const auto read = for_each_event(stream, block, [&](std::int64_t id, const Object& event) {
      lines.push_back(event_line(block, id, event));
    });
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(*read, block.event_count);
  }

  std::istringstream expected(read_data("captures/rust-0.33.0/decoded.jsonl"));
  std::string line;
  std::size_t at = 0;
  for (; std::getline(expected, line); ++at) {
    ASSERT_LT(at, lines.size());
    EXPECT_EQ(lines[at], line) << "line " << at + 1;
  }
  EXPECT_EQ(at, lines.size());
}

TEST(Capture, EveryBlockGivesRows) {
  const Decoded decoded = decode_all();
  std::map<std::string, int> rows;
  std::set<std::string> types;
  for (const auto& named : decoded.blocks) {
    const auto& block = named.second;
    SCOPED_TRACE(named.first);
    const DecodedStream& stream = decoded.stream_of(block);
    // This capture's process does not know its frequency, so the rows' times are estimates.
    const auto check = [&](std::string_view tag, std::string_view type, std::int64_t time) {
      ++rows[std::string(tag)];
      types.emplace(type);
      EXPECT_GE(time, block.begin_time - 1'000'000'000);
      EXPECT_LE(time, block.end_time + 1'000'000'000);
    };
    Result<std::int64_t> read = Error("no tag");
    if (stream.has_tag("log")) {
      read = for_each_log_row(decoded.process, stream, block, [&](const LogRow& row) {
        check("log", row.event_type, row.time);
        EXPECT_TRUE(row.level >= 1 && row.level <= 6);
      });
    } else if (stream.has_tag("metrics")) {
      read = for_each_metric_row(decoded.process, stream, block, [&](const MetricRow& row) {
        check("metrics", row.event_type, row.time);
        EXPECT_FALSE(row.name.empty());
      });
    } else if (stream.has_tag("cpu")) {
      SpanTree tree(std::numeric_limits<std::int64_t>::min(),
                    std::numeric_limits<std::int64_t>::max());
      read = for_each_span_event(decoded.process, stream, block, [&](const SpanEventRow& row) {
        check("cpu", row.event_type, row.time);
        EXPECT_EQ(row.file, "src/golden.rs");
        tree.add(row);
      });
      const auto spans = tree.finish();
      ASSERT_TRUE(spans) << spans.error().message();
      for (const ThreadSpan& span : *spans) EXPECT_FALSE(span.open) << span.name;
    } else {
      ASSERT_TRUE(stream.has_tag("image"));
      read = for_each_image_row(decoded.process, stream, block, [&](const ImageRow& row) {
        check("image", "ImageEvent", row.time);
        EXPECT_TRUE(row.format == "png" || row.format == "raw");
      });
    }
    ASSERT_TRUE(read) << read.error().message();
  }
  EXPECT_EQ(rows["log"], 39);
  EXPECT_EQ(rows["metrics"], 23);
  EXPECT_EQ(rows["cpu"], 88);
  EXPECT_EQ(rows["image"], 2);
  EXPECT_EQ(types.size(), 29U);
}

}  // namespace
}  // namespace micromegas::wire::testing
