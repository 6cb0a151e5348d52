// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/lz4_records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/tests/wire/events.h"
#include "micromegas/tests/wire/lz4_block.h"
#include "micromegas/transport/wire/lz4_frame.h"
#include "micromegas/transport/wire/metrics_encoder.h"
#include "micromegas/transport/wire/span_encoder.h"

namespace micromegas::wire::testing {
namespace {

constexpr std::size_t kHead = RecordCompressor::kHeadBytes;

void put_record(std::string& to, std::uint8_t type, std::uint64_t id,
                const std::vector<std::uint64_t>& numbers) {
  std::string record(kHead + 8 * numbers.size(), '\0');
  char* at = put(put(record.data(), type), id);
  for (const std::uint64_t number : numbers) at = put(at, number);
  to += record;
}

std::string compressed(std::string_view records, std::size_t record_bytes) {
  // Of their own, so that AddressSanitizer sees what is read behind them.
  const std::unique_ptr<char[]> own(new char[records.size()]);
  std::copy(records.begin(), records.end(), own.get());
  RecordCompressor compressor;
  ByteBuffer out;
  put_text(out.room(3), "abc");  // it appends
  compressor.compress({own.get(), records.size()}, record_bytes, out);
  EXPECT_TRUE(out.view().starts_with("abc"));
  return std::string(out.view().substr(3));
}

// By a reader that is strict, and by liblz4.
void expect_the_same(std::string_view records, std::size_t record_bytes) {
  std::string fault;
  const std::string read = read_lz4_block(compressed(records, record_bytes), fault);
  EXPECT_EQ(fault, "");
  EXPECT_EQ(read.size(), records.size());
  EXPECT_TRUE(read == records);

  FrameCompressor compressor(0);
  ByteBuffer frame;
  ASSERT_TRUE(compressor.begin(frame));
  ASSERT_TRUE(compressor.add_records(records, record_bytes, frame));
  ASSERT_TRUE(compressor.end(frame));
  const auto content = decompress_frame(frame.view(), 1 << 20);
  ASSERT_TRUE(content) << content.error().message();
  EXPECT_TRUE(*content == records);
}

// liblz4's of the same, without the frame around it.
std::size_t bytes_of_liblz4(std::string_view records, int level = 0) {
  FrameCompressor compressor(level);
  ByteBuffer frame;
  EXPECT_TRUE(compressor.compress(records, frame));
  return frame.size() - 7 - 4 - 4;
}

struct Shape {
  const char* name;
  // The head and the step of the time, by the number of the record.
  std::function<std::uint64_t(std::uint64_t)> head;
  std::function<std::uint64_t(std::uint64_t)> step;
};

std::vector<Shape> shapes() {
  static std::mt19937_64 random;
  random.seed(8);
  return {
      {"spans that follow one another", [](auto i) { return i % 2; },
       [](auto i) { return i % 90; }},
      {"nested spans", [](auto i) { return i % 14 < 7 ? i % 14 : 13 - i % 14; },
       [](auto i) { return 40 + i % 13; }},
      {"one kind", [](auto) { return 5; }, [](auto) { return 1'000; }},
      {"nothing changes", [](auto) { return 1; }, [](auto) { return 0; }},
      {"each is new", [](auto i) { return i; }, [](auto) { return 1'000; }},
      {"more kinds than the table has places", [](auto i) { return i * i % 4001; },
       [](auto) { return 77; }},
      {"chance", [](auto) { return random(); }, [](auto) { return random(); }},
      {"few kinds by chance, small steps", [](auto) { return random() % 40; },
       [](auto) { return random() % 5'000; }},
      {"times that come again", [](auto) { return random() % 6; },
       [](auto) { return random() % 3 - 1; }},
      {"times that jump", [](auto) { return random() % 3; },
       [](auto i) { return i % 5 == 0 ? random() : 3; }},
  };
}

std::string spans_of(const Shape& shape) {
  std::string records;
  std::uint64_t time = 1'700'000'000'000'000'000;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const std::uint64_t head = shape.head(i);
    put_record(records, static_cast<std::uint8_t>(head % 2), head / 2, {time += shape.step(i)});
  }
  return records;
}

TEST(Lz4Records, AreReadAsTheyWere) {
  std::vector<Shape> all = shapes();
  // In no block, where ids count from 1: they share a place in the table.
  all.push_back({"ids that differ in their last byte", [](auto i) { return i % 3 << 60; },
                 [](auto) { return 1'000; }});
  for (const std::size_t numbers : {1U, 2U, 3U}) {
    const std::size_t record_bytes = kHead + 8 * numbers;
    for (const Shape& shape : all) {
      std::string records;
      std::uint64_t time = 1'700'000'000'000'000'000;
      for (std::uint64_t i = 0; records.size() + record_bytes <= RecordCompressor::kMaxBytes; ++i) {
        const std::uint64_t head = shape.head(i);
        time += shape.step(i);
        std::vector<std::uint64_t> values(numbers, i * head % 300);
        values.back() = time;
        put_record(records, static_cast<std::uint8_t>(head % 2), head / 2, values);
        if (i < 40 || i % 997 == 0) {
          SCOPED_TRACE(::testing::Message() << shape.name << ", " << record_bytes << ", " << i);
          expect_the_same(records, record_bytes);
        }
      }
      SCOPED_TRACE(::testing::Message() << shape.name << ", " << record_bytes << ", all");
      expect_the_same(records, record_bytes);
    }
  }
}

TEST(Lz4Records, TakeLittleMoreThanLiblz4sAtWorst) {
  for (const Shape& shape : shapes()) {
    const std::string records = spans_of(shape);
    const std::size_t theirs = bytes_of_liblz4(records);
    EXPECT_LE(compressed(records, 17).size(), theirs + theirs / 8 + 50) << shape.name;
  }
}

TEST(Lz4Records, TakeLessWhereSpansAreNested) {
  for (const Shape& shape : {shapes()[0], shapes()[1]}) {
    const std::string records = spans_of(shape);
    EXPECT_LT(compressed(records, 17).size(), 0.8 * bytes_of_liblz4(records)) << shape.name;
  }
}

// Runs of literals and matches of each length, so those around 15 and 15 + 255, too.
TEST(Lz4Records, HaveLengthsOfAnySize) {
  std::mt19937_64 random(3);
  for (std::uint64_t equal = 0; equal < 40; ++equal) {
    for (const std::uint64_t low :
         {1ULL, 1ULL << 8, 1ULL << 16, 1ULL << 24, 1ULL << 40, 1ULL << 56}) {
      std::string records;
      for (int part = 0; part < 3; ++part) {
        for (std::uint64_t i = 0; i < equal; ++i) put_record(records, 1, 1, {7});
        for (std::uint64_t i = 0; i < equal; ++i) {
          put_record(records, static_cast<std::uint8_t>(random()), random(), {random()});
        }
        put_record(records, 1, 1, {7 + low});
        put_record(records, 1, 1, {7});
      }
      SCOPED_TRACE(::testing::Message() << equal << ", " << low);
      expect_the_same(records, 17);
    }
  }
  std::string records;
  for (int value_bytes = 1; value_bytes <= 8; ++value_bytes) {
    for (int time_bytes = 1; time_bytes <= 8; ++time_bytes) {
      put_record(records, 0, 1, {0, 0});
      put_record(records, 0, 1, {1ULL << (8 * value_bytes - 1), 1ULL << (8 * time_bytes - 1)});
    }
  }
  expect_the_same(records, 25);
}

TEST(Lz4Records, AreLiblz4sWhereTheyAreNone) {
  const std::string odd(61, 'o');
  const std::string large(RecordCompressor::kMaxBytes + 16, 'l');  // 17 goes into it
  const std::pair<std::string_view, std::size_t> cases[] = {{odd, 17}, {odd, 0},  {odd, 9},
                                                            {odd, 16}, {odd, 61}, {large, 17}};
  ASSERT_EQ(large.size() % 17, 0);
  for (const auto& [bytes, record_bytes] : cases) {
    FrameCompressor compressor(0);
    ByteBuffer ours;
    ByteBuffer theirs;
    ASSERT_TRUE(compressor.begin(ours));
    ASSERT_TRUE(compressor.add_records(bytes, record_bytes, ours));
    ASSERT_TRUE(compressor.begin(theirs));
    ASSERT_TRUE(compressor.add(bytes, theirs));
    EXPECT_TRUE(ours.view() == theirs.view()) << record_bytes;
  }
}

// Blocks of ours among those of liblz4, in one frame.
TEST(Lz4Records, StandInAFrameBesideOthers) {
  std::mt19937_64 random(1);
  std::string spans, chance;
  for (std::uint64_t i = 0; i < 3000; ++i) put_record(spans, i % 2, 1, {1'000'000 * i});
  for (int i = 0; i < 3000; ++i) {
    put_record(chance, static_cast<std::uint8_t>(random()), random(), {random()});
  }
  const std::string text(5000, 'x');
  std::string all = spans;
  all.append(text).append(chance).append(spans);
  for (const int level : {0, 10, -3}) {
    FrameCompressor compressor(level);
    ByteBuffer frame;
    ASSERT_TRUE(compressor.begin(frame));
    ASSERT_TRUE(compressor.add_records(spans, 17, frame));
    ASSERT_TRUE(compressor.add(text, frame));
    ASSERT_TRUE(compressor.add_records({}, 17, frame));
    ASSERT_TRUE(compressor.add_records(chance, 17, frame));
    ASSERT_TRUE(compressor.add_records(spans, 17, frame));
    ASSERT_TRUE(compressor.end(frame));
    const auto read = decompress_frame(frame.view(), 1 << 20);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_TRUE(*read == all) << level;
    EXPECT_LT(frame.size(), chance.size() + spans.size()) << level;
  }
}

TEST(Lz4Records, AreStoredWhereNothingRepeats) {
  std::mt19937_64 random(2);
  std::string chance;
  for (int i = 0; i < 1000; ++i) {
    put_record(chance, static_cast<std::uint8_t>(random()), random(), {random()});
  }
  FrameCompressor compressor(0);
  ByteBuffer frame;
  ASSERT_TRUE(compressor.begin(frame));
  const std::size_t before = frame.size();
  ASSERT_TRUE(compressor.add_records(chance, 17, frame));
  ASSERT_EQ(frame.size(), before + 4 + chance.size());
  std::uint32_t size = 0;
  std::memcpy(&size, frame.data() + before, sizeof size);
  EXPECT_EQ(size, chance.size() | 0x80000000);
  EXPECT_TRUE(frame.view().substr(before + 4) == chance);
}

// At another level than 0 the level decides.
TEST(Lz4Records, AreLiblz4sAtItsLevels) {
  std::string spans;
  for (std::uint64_t i = 0; i < 3000; ++i) put_record(spans, i % 2, 1, {1'000'000 * i});
  FrameCompressor compressor(10);
  ByteBuffer ours;
  ByteBuffer theirs;
  ASSERT_TRUE(compressor.begin(ours));
  ASSERT_TRUE(compressor.add_records(spans, 17, ours));
  ASSERT_TRUE(compressor.end(ours));
  ASSERT_TRUE(compressor.begin(theirs));
  ASSERT_TRUE(compressor.add(spans, theirs));
  ASSERT_TRUE(compressor.end(theirs));
  EXPECT_TRUE(ours.view() == theirs.view());
}

// What the encoder sent is what add_records() or add() makes of the same bytes.
template <class Encoder, class Event>
void expect_frames(Encoder& encoder, const std::vector<Event>& events, std::size_t record_bytes) {
  const auto encoded = encode_events(encoder, events);
  ASSERT_TRUE(encoded) << encoded.error().message();
  const auto block = decode_block(encoded->body);
  ASSERT_TRUE(block) << block.error().message();
  ASSERT_LT(block->objects.size(), FrameCompressor::kPieceBytes);
  FrameCompressor compressor(0);
  ByteBuffer frame;
  ASSERT_TRUE(compressor.begin(frame));
  ASSERT_TRUE(record_bytes != 0 ? compressor.add_records(block->objects, record_bytes, frame)
                                : compressor.add(block->objects, frame));
  ASSERT_TRUE(compressor.end(frame));
  EXPECT_NE(encoded->body.find(frame.view()), std::string::npos);
}

constinit const SpanMetadata g_span{.name = "decode"};

std::vector<SpanEvent> span_events(std::size_t count) {
  std::vector<SpanEvent> spans;
  for (std::size_t i = 0; i < count; ++i) {
    SpanEvent& event = spans.emplace_back();
    event.kind = i % 2 == 0 ? SpanEvent::Kind::kBegin : SpanEvent::Kind::kEnd;
    event.metadata = &g_span;
    event.name = g_span.name;
    event.time = kStart + static_cast<std::int64_t>(i * i % 977 + 1000 * i);
  }
  return spans;
}

TEST(Lz4Records, AreHowPlainSpansTravel) {
  std::vector<SpanEvent> spans = span_events(3000);
  SpanEncoder encoder;
  expect_frames(encoder, spans, 17);
  encoder.begin(test_process());  // a block that is not finished
  spans[3].named = true;          // of another size
  encoder.add(spans[3]);
  spans[3].named = false;
  expect_frames(encoder, spans, 17);
  spans[3].named = true;
  expect_frames(encoder, spans, 0);
}

TEST(Lz4Records, AreHowPlainMetricsTravel) {
  static constinit const StaticMetricMetadata metadata{.name = "depth", .unit = "count"};
  std::vector<MetricEvent> metrics;
  for (std::size_t i = 0; i < 2000; ++i) {
    MetricEvent& event = metrics.emplace_back();
    event.metadata = &metadata;
    event.name = metadata.name;
    event.unit = metadata.unit;
    event.integer = i * i % 977;
    event.time = kStart + static_cast<std::int64_t>(1000 * i);
  }
  MetricsEncoder encoder;
  expect_frames(encoder, metrics, 25);
  const Property property{"region", "west"};
  metrics[7].properties = {&property, 1};
  expect_frames(encoder, metrics, 0);
}

// In several pieces, one of which has a record of another size: that one alone is liblz4's.
TEST(Lz4Records, ArriveAsTheyWereSent) {
  constexpr std::size_t kEvents = 20'000;
  std::vector<SpanEvent> spans = span_events(kEvents);
  SpanEncoder encoder;
  std::size_t bytes = 0;
  for (const bool other : {false, true}) {
    spans[1000].named = other;
    const Sent sent = send(StreamKind::kThread, encoder, spans);
    std::string expected;
    for (std::size_t i = 0; i < kEvents; ++i) {
      const auto ticks = static_cast<std::uint64_t>(spans[i].time - kStart + 5000);
      if (spans[i].named) {
        const std::string_view objects = sent.block.objects;
        expected += objects.substr(expected.size(), 25);
      } else {
        put_record(expected, i % 2, 0, {ticks});
        // The id that the block gave it.
        std::copy_n(sent.block.objects.data() + 1, 8, expected.end() - 16);
      }
    }
    EXPECT_EQ(sent.block.objects.size(), expected.size());
    EXPECT_TRUE(sent.block.objects == expected);

    const auto encoded = encode_events(encoder, spans);
    ASSERT_TRUE(encoded) << encoded.error().message();
    if (!other) bytes = encoded->body.size();
    EXPECT_LT(encoded->body.size(), bytes + kEvents);  // of 5 pieces it would be 50,000
  }
}

}  // namespace
}  // namespace micromegas::wire::testing
