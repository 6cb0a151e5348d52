// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/lz4_records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

void expect_the_same(std::string_view records, std::size_t record_bytes) {
  std::string fault;
  const std::string read = read_lz4_block(compressed(records, record_bytes), fault);
  EXPECT_EQ(fault, "");
  EXPECT_EQ(read.size(), records.size());
  EXPECT_TRUE(read == records);
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
  static std::mt19937_64 random(8);
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

// What little more it may be is for what both hardly find anything in.
TEST(Lz4Records, TakeNoMoreThanLiblz4Needs) {
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
  EXPECT_EQ(frame.size(), before + 4 + chance.size());
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

template <class Encoder, class Event>
std::size_t body_bytes(const std::vector<Event>& events) {
  Encoder encoder;
  const auto encoded = encode_events(encoder, events);
  EXPECT_TRUE(encoded) << encoded.error().message();
  return encoded ? encoded->body.size() : 0;
}

// Of 17 and 25 bytes in records. That both take this way shows in their size alone.
TEST(Lz4Records, AreHowSpansAndMetricsTravel) {
  constexpr std::size_t kEvents = 20'000;  // several pieces
  static constinit const SpanMetadata span{.name = "decode"};
  std::vector<SpanEvent> spans;
  for (std::size_t i = 0; i < kEvents; ++i) {
    SpanEvent& event = spans.emplace_back();
    event.kind = i % 2 == 0 ? SpanEvent::Kind::kBegin : SpanEvent::Kind::kEnd;
    event.metadata = &span;
    event.name = span.name;
    event.time = kStart + static_cast<std::int64_t>(i * i % 977 + 1000 * i);
  }
  SpanEncoder encoder;
  const Sent sent = send(StreamKind::kThread, encoder, spans);
  EXPECT_EQ(sent.block.objects.size(), 17 * kEvents);
  EXPECT_LT(body_bytes<SpanEncoder>(spans), kEvents * 26 / 5);
  EXPECT_GT(bytes_of_liblz4(sent.block.objects), kEvents * 6);

  // One record of another size: liblz4's for this piece.
  spans[3].properties = {};
  spans[3].named = true;
  SpanEncoder mixed;
  const Sent all = send(StreamKind::kThread, mixed, spans);
  EXPECT_EQ(all.block.objects.size(), 17 * kEvents + 8);
  EXPECT_GT(body_bytes<SpanEncoder>(spans), kEvents * 26 / 5);
  EXPECT_LT(body_bytes<SpanEncoder>(spans), kEvents * 6);
}

}  // namespace
}  // namespace micromegas::wire::testing
