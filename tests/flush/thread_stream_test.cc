// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The quick way for records that say nothing but begin and end makes what the other one makes; and
// a thread's spans are kept whatever its counter says.

#include "micromegas/pipeline/flush/thread_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace micromegas::pipeline {
namespace {

using queue::RecordKind;

constexpr std::uint64_t kFrequency = 2'000'000'000;
constexpr ClockSample kStart{.ticks = 1'000'000'000, .wall_ns = 1'000'000'000'000};

// Records as a queue holds them.
class Records {
 public:
  void add(std::uint32_t id, RecordKind kind, std::uint64_t ticks, std::string_view name = {},
           std::uint8_t flags = queue::kNoFlags) {
    const bool named = kind == RecordKind::kNamedSpanBegin;
    const auto size = static_cast<std::uint32_t>(name.size());
    const std::uint32_t bytes =
        queue::kRecordHeaderBytes + (named ? queue::string_bytes(size) : 0U);
    const std::size_t at = bytes_.size();
    bytes_.resize(at + bytes);
    std::byte* to = bytes_.data() + at;
    queue::store64(to, queue::header_word(id, kind, flags, bytes));
    queue::store64(to + 8, ticks);
    if (!named) return;
    queue::store64(to + 16, std::uint64_t{size} | (std::uint64_t{size} << 32));
    std::memcpy(to + 24, name.data(), size);
  }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

struct Outcome {
  std::vector<std::byte> block;
  std::uint32_t events = 0;
  std::uint32_t invented = 0;
  std::uint32_t dropped = 0;
  std::size_t plain = 0;  // records that went the quick way

  friend bool operator==(const Outcome& a, const Outcome& b) {
    return a.block == b.block && a.events == b.events && a.invented == b.invented &&
           a.dropped == b.dropped;
  }
};

Outcome run(const Records& records, const ClockModel& clock, bool quick) {
  ThreadStreamState stream(StreamInfo{}, kStart.wall_ns);
  Outcome outcome;
  const std::byte* at = records.bytes().data();
  for (std::size_t left = records.bytes().size(); left > 0;) {
    if (quick) {
      const std::size_t added = stream.add_plain(at, left, clock);
      outcome.plain += added;
      at += added * queue::kRecordHeaderBytes;
      left -= added * queue::kRecordHeaderBytes;
      if (left == 0) break;
    }
    const queue::RecordReader record(at, left);
    const auto added = stream.add(record, at, clock.to_ns(record.time()));
    outcome.invented += added.invented;
    outcome.dropped += added.dropped ? 1 : 0;
    at += record.bytes();
    left -= record.bytes();
  }
  outcome.invented += stream.end_open_spans(kStart.wall_ns);
  if (stream.builder().empty()) return outcome;
  const BlockBuilder::Cut cut = stream.builder().cut(0);
  outcome.events = static_cast<std::uint32_t>(cut.header.event_count);
  outcome.block.assign(cut.records.bytes.data(),
                       cut.records.bytes.data() + cut.records.bytes.size());
  return outcome;
}

std::vector<std::int64_t> times(const Outcome& outcome) {
  std::vector<std::int64_t> all;
  for (std::size_t at = 0; at < outcome.block.size();) {
    const queue::RecordReader record(outcome.block.data() + at, outcome.block.size() - at);
    all.push_back(static_cast<std::int64_t>(record.time()));
    at += record.bytes();
  }
  return all;
}

TEST(ThreadStream, TheQuickWayMakesWhatTheOtherOneMakes) {
  std::mt19937 random(1);
  ClockModel clock(kStart, kFrequency);
  std::size_t plain = 0;
  for (int round = 0; round < 300; ++round) {
    // A sync makes a piece that begins a little later.
    const std::uint64_t base = kStart.ticks + static_cast<std::uint64_t>(round) * kFrequency;
    clock.sync({base, kStart.wall_ns + round * std::int64_t{1'000'000'050}});
    Records records;
    std::uint64_t ticks = base - kFrequency / 20;
    std::vector<std::uint32_t> open;
    for (int i = 0; i < 200; ++i) {
      ticks += random() % (kFrequency / 1000);
      if (random() % 50 == 0) ticks -= kFrequency / 500;
      const std::uint32_t id = 1 + random() % 4;
      switch (random() % 16) {
        case 0:
          records.add(id, RecordKind::kNamedSpanBegin, ticks, std::string(random() % 20, 'n'));
          open.push_back(id);
          break;
        case 1:  // perhaps of a span that is not the innermost, perhaps of none
          records.add(id, RecordKind::kSpanEnd, ticks);
          if (const auto at = std::find(open.rbegin(), open.rend(), id); at != open.rend()) {
            open.erase(std::prev(at.base()), open.end());
          }
          break;
        default:
          if (random() % 2 == 0 || open.empty()) {
            records.add(id, RecordKind::kSpanBegin, ticks);
            open.push_back(id);
          } else {
            records.add(open.back(), RecordKind::kSpanEnd, ticks);
            open.pop_back();
          }
      }
    }
    const Outcome quick = run(records, clock, true);
    ASSERT_EQ(quick, run(records, clock, false)) << "round " << round;
    plain += quick.plain;
  }
  EXPECT_GT(plain, 300u * 100u);
}

TEST(ThreadStream, ACounterThatGoesBackLosesNothing) {
  const ClockModel clock(kStart, kFrequency);
  for (const bool quick : {false, true}) {
    Records records;
    records.add(1, RecordKind::kSpanBegin, kStart.ticks + 1000);
    records.add(2, RecordKind::kSpanBegin, kStart.ticks + 400);
    records.add(2, RecordKind::kSpanEnd, kStart.ticks + 2000);
    records.add(1, RecordKind::kSpanEnd, kStart.ticks + 1600);
    const Outcome outcome = run(records, clock, quick);
    EXPECT_EQ(outcome.dropped, 0u);
    const std::int64_t t = kStart.wall_ns;
    EXPECT_EQ(times(outcome), (std::vector<std::int64_t>{t + 500, t + 500, t + 1000, t + 1000}));
  }
}

// Its guard has ended on another thread.
TEST(ThreadStream, ASpanThatWasLeftToItsInnerOneEndsWithIt) {
  const ClockModel clock(kStart, kFrequency);
  ThreadStreamState stream(StreamInfo{}, kStart.wall_ns);
  Records records;
  records.add(1, RecordKind::kSpanBegin, kStart.ticks + 100);
  records.add(2, RecordKind::kSpanBegin, kStart.ticks + 200);
  records.add(2, RecordKind::kSpanEnd, kStart.ticks + 300);
  const std::byte* at = records.bytes().data();
  for (int i = 0; i < 2; ++i, at += queue::kRecordHeaderBytes) {
    const queue::RecordReader record(at, queue::kRecordHeaderBytes);
    stream.add(record, at, clock.to_ns(record.time()));
  }
  EXPECT_EQ(stream.abandon(1, 1), 0u);
  EXPECT_EQ(stream.add_plain(at, queue::kRecordHeaderBytes, clock), 0u);
  const queue::RecordReader end(at, queue::kRecordHeaderBytes);
  EXPECT_EQ(stream.add(end, at, clock.to_ns(end.time())).invented, 1u);
  EXPECT_FALSE(stream.has_open_span());
}

// Two threads on one track may read counters that differ a little.
TEST(ThreadStreamTest, ATrackRefusesOnlyTimesThatWereGiven) {
  ThreadStreamState stream(StreamInfo{}, kStart.wall_ns, /*track=*/true);
  const auto add = [&](RecordKind kind, std::int64_t time, std::uint8_t flags) {
    Records records;
    records.add(1, kind, static_cast<std::uint64_t>(time), {}, flags);
    const queue::RecordReader record(records.bytes().data(), records.bytes().size());
    return stream.add(record, records.bytes().data(), time, nullptr, ThreadStreamState::kNoBounds)
        .dropped;
  };
  const std::int64_t t = kStart.wall_ns + 1'000;
  for (const std::int64_t begin : {t, t - 20}) {
    EXPECT_FALSE(add(RecordKind::kSpanBegin, begin, queue::kNoFlags));
    EXPECT_FALSE(add(RecordKind::kSpanEnd, begin + 10, queue::kNoFlags));
  }
  EXPECT_EQ(add(RecordKind::kSpanBegin, t - 20, queue::kNanoseconds), DropReason::kInvalid);
}

}  // namespace
}  // namespace micromegas::pipeline
