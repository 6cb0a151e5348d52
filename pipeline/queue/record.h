// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The layout of one event in queue memory, in a block's records and, later, in a crash file.
//
//   +0   u32  call site id (catalogue.h)
//   +4   u8   RecordKind
//   +5   u8   RecordFlags
//   +6   u16  size of the record in units of 8 bytes
//   +8   u64  time: raw ticks in a queue, nanoseconds since the epoch in a block
//   +16  the values that the kind calls for, each a multiple of 8 bytes:
//        number    8 bytes (integers widened to 64 bits, a float's 32 bits zero-extended)
//        string    u32 bytes kept, u32 bytes it had (saturated), then the bytes, padded to 8
//
// Native byte order. No pointer is ever stored: a record means the same in another process. With
// kHasPropertySet, the first value is the id of an interned PropertySet; in a block, with
// kHasContext, the place of an EventContext in the block stands before that. What is left behind
// the values are properties given at run time: string name, string value, and so on.
#ifndef MICROMEGAS_PIPELINE_QUEUE_RECORD_H_
#define MICROMEGAS_PIPELINE_QUEUE_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "micromegas/pipeline/instrument/arg_type.h"
#include "micromegas/pipeline/sink/stats.h"

namespace micromegas::queue {

// Values after the header in brackets; ..: then values as the descriptor's argument types say.
enum class RecordKind : std::uint8_t {
  kLog = 1,           // [..]; without arguments the format string is the message
  kLogText,           // [string text]: text given at run time
  kLogInterop,        // [number level, string target, string text]; no call site (id 0)
  kIntegerMetric,     // [number, ..]
  kFloatMetric,       // [number, ..]
  kIntegerMetricDyn,  // [number, string name, string unit, ..]
  kFloatMetricDyn,    // [number, string name, string unit, ..]
  kSpanBegin,         // [..]
  kSpanEnd,           // [] in a queue; in a block, the records that hold its properties
  kNamedSpanBegin,    // [string name, ..]
  kNamedSpanEnd,      // [] in a queue; in a block [string name] and the records as above
  kSpanProperties,   // [number: id of the span's begin | its depth << 32, ..]; only in a queue, and
                     // no event: goes to the end of the open span at this depth, from 1
  kContextBegin,     // [number: depth from 1, 0: the thread's, ..]; only in a queue, and no event:
                     // what the thread's events carry from here on
  kContextEnd,       // [], the depth in the place of the id; as above: that depth and all above end
  kAsyncSpanBegin,   // [number span id, number parent id, number depth]
  kAsyncSpanEnd,     // same, then the records that hold its properties
  kAsyncNamedBegin,  // same, then [string name]
  kAsyncNamedEnd,    // same, then [string name] and the records as above
  kProperties,       // [..]; only in the end of an asynchronous span, and no event
  kSpansForgotten,   // [number]; only in a queue, and no event: the thread counts so many fewer
                     // spans as open
};

enum RecordFlags : std::uint8_t {
  kNoFlags = 0,
  kHasPropertySet = 1,
  kHasContext = 2,
  kNanoseconds = 4,  // the time is not ticks, in a queue either
};

inline constexpr std::uint32_t kRecordHeaderBytes = 16;
// Room for the largest record in an empty segment, and so the limit of one event.
inline constexpr std::uint32_t kMaxRecordBytes = 60 * 1024;

constexpr std::uint32_t padded(std::uint32_t n) noexcept { return (n + 7U) & ~7U; }
// Bytes that a string of n bytes takes in a record.
constexpr std::uint32_t string_bytes(std::uint32_t n) noexcept { return 8U + padded(n); }

inline std::uint64_t load64(const std::byte* p) noexcept {
  std::uint64_t v;
  std::memcpy(&v, p, 8);
  return v;
}
inline void store64(std::byte* p, std::uint64_t v) noexcept { std::memcpy(p, &v, 8); }

// Everything of the header but the time, as the 64 bits at +0. `bytes`: a multiple of 8.
constexpr std::uint64_t header_word(std::uint32_t id, RecordKind kind, std::uint8_t flags,
                                    std::uint32_t bytes) noexcept {
  return std::uint64_t{id} | (std::uint64_t{static_cast<std::uint8_t>(kind)} << 32) |
         (std::uint64_t{flags} << 40) | (std::uint64_t{bytes} << 45);
}

// The same but for the id, of a thread span's begin or end without values and flags: most records.
constexpr std::uint32_t plain_head(RecordKind kind) noexcept {
  return static_cast<std::uint32_t>(header_word(0, kind, kNoFlags, kRecordHeaderBytes) >> 32);
}

struct StringValue {
  std::string_view text;
  std::uint32_t original_bytes = 0;  // more than text.size(): it was cut
};

// Reads one record. Never reads past the record's own bytes, whatever they say: a value that is
// not there reads as 0 or as an empty string and clears ok().
class RecordReader {
 public:
  RecordReader(const std::byte* record, std::size_t available) noexcept {
    if (available < kRecordHeaderBytes) return;
    const std::uint64_t word = load64(record);
    const std::size_t bytes = (word >> 48) * 8;
    if (bytes < kRecordHeaderBytes || bytes > available) return;
    id_ = static_cast<std::uint32_t>(word);
    kind_ = static_cast<RecordKind>(static_cast<std::uint8_t>(word >> 32));
    flags_ = static_cast<std::uint8_t>(word >> 40);
    time_ = load64(record + 8);
    begin_ = record;
    at_ = record + kRecordHeaderBytes;
    end_ = record + bytes;
    ok_ = true;
    if ((flags_ & kHasContext) != 0) context_ = static_cast<std::uint32_t>(number());
    if ((flags_ & kHasPropertySet) != 0) property_set_ = static_cast<std::uint32_t>(number());
  }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
  [[nodiscard]] RecordKind kind() const noexcept { return kind_; }
  [[nodiscard]] std::uint8_t flags() const noexcept { return flags_; }
  [[nodiscard]] std::uint64_t time() const noexcept { return time_; }
  [[nodiscard]] std::uint32_t property_set() const noexcept { return property_set_; }
  // Place in BlockRecords::contexts plus 1; 0: none.
  [[nodiscard]] std::uint32_t context() const noexcept { return context_; }
  [[nodiscard]] const std::byte* begin() const noexcept { return begin_; }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return static_cast<std::size_t>(end_ - begin_);
  }
  // What has not been read yet.
  [[nodiscard]] std::span<const std::byte> rest() const noexcept {
    return ok_ ? std::span(at_, end_) : std::span<const std::byte>();
  }

  std::uint64_t number() noexcept {
    if (!has(8)) return 0;
    const std::uint64_t v = load64(at_);
    at_ += 8;
    return v;
  }

  StringValue string() noexcept {
    if (!has(8)) return {};
    const std::uint64_t word = load64(at_);
    const auto kept = static_cast<std::uint32_t>(word);
    if (kept > kMaxRecordBytes || !has(string_bytes(kept))) {
      ok_ = false;
      return {};
    }
    const StringValue value{{reinterpret_cast<const char*>(at_) + 8, kept},
                            static_cast<std::uint32_t>(word >> 32)};
    at_ += string_bytes(kept);
    return value;
  }

 private:
  bool has(std::size_t n) noexcept {
    if (ok_ && static_cast<std::size_t>(end_ - at_) >= n) return true;
    ok_ = false;
    return false;
  }

  const std::byte* begin_ = nullptr;
  const std::byte* at_ = nullptr;
  const std::byte* end_ = nullptr;
  std::uint64_t time_ = 0;
  std::uint32_t id_ = 0;
  std::uint32_t property_set_ = 0;
  std::uint32_t context_ = 0;
  RecordKind kind_{};
  std::uint8_t flags_ = 0;
  bool ok_ = false;
};

// The others only say something of an event, and are not counted.
constexpr bool is_event(RecordKind kind) noexcept {
  return kind != RecordKind::kSpanProperties && kind != RecordKind::kContextBegin &&
         kind != RecordKind::kContextEnd && kind != RecordKind::kProperties &&
         kind != RecordKind::kSpansForgotten;
}

constexpr EventKind event_kind(RecordKind kind) noexcept {
  switch (kind) {
    case RecordKind::kLog:
    case RecordKind::kLogText:
    case RecordKind::kLogInterop:
      return EventKind::kLog;
    case RecordKind::kIntegerMetric:
    case RecordKind::kIntegerMetricDyn:
      return EventKind::kIntegerMetric;
    case RecordKind::kFloatMetric:
    case RecordKind::kFloatMetricDyn:
      return EventKind::kFloatMetric;
    case RecordKind::kSpanBegin:
    case RecordKind::kSpanEnd:
    case RecordKind::kNamedSpanBegin:
    case RecordKind::kNamedSpanEnd:
    case RecordKind::kSpanProperties:
      return EventKind::kSpan;
    default:
      return EventKind::kAsyncSpan;
  }
}

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_RECORD_H_
