// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/lz4_records.h"

#include <bit>
#include <cassert>
#include <cstring>

namespace micromegas::wire {
namespace {

constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kMinMatch = 4;
static_assert(RecordCompressor::kMaxBytes <= 1U << 16, "a distance has 16 bits");
constexpr std::size_t kLongLength = 15;  // of a token's half: more bytes of length follow
constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15;
// How far behind what is needed is read and written.
constexpr std::size_t kSlack = 16;

std::uint64_t load(const char* at) noexcept {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

char* put_length(char* at, std::size_t length) noexcept {
  for (length -= kLongLength; length >= 255; length -= 255) at = put(at, std::uint8_t{255});
  return put(at, static_cast<std::uint8_t>(length));
}

// A block's sequences: bytes as they are, then a match of earlier ones.
class Sequences {
 public:
  Sequences(const char* in, char* out) : anchor_(in), begin_(in), out_(out) {}

  // From here on bytes are those `distance` before; 0: they are not.
  void match(const char* at, std::size_t distance) noexcept {
    begin_ = at;
    distance_ = distance;
  }
  [[nodiscard]] std::size_t distance() const noexcept { return distance_; }

  // Ends what match() has begun. kSlack bytes follow `end`.
  void end_match(const char* end) noexcept {
    const std::size_t bytes = static_cast<std::size_t>(end - begin_);
    if (distance_ == 0 || bytes < kMinMatch) return;  // they wait for the next one
    const std::size_t plain = static_cast<std::size_t>(begin_ - anchor_);
    const std::size_t more = bytes - kMinMatch;
    if (plain < kLongLength && more < kLongLength) [[likely]] {
      out_ = put(out_, static_cast<std::uint8_t>(plain << 4 | more));
      std::memcpy(out_, anchor_, kSlack);
      out_ = put(out_ + plain, static_cast<std::uint16_t>(distance_));
    } else {
      put_plain(plain, more < kLongLength ? more : kLongLength);
      out_ = put(out_, static_cast<std::uint16_t>(distance_));
      if (more >= kLongLength) out_ = put_length(out_, more);
    }
    anchor_ = end;
    distance_ = 0;
  }

  // The rest, which is never a match. Returns the end of the block.
  char* finish(const char* end) noexcept {
    put_plain(static_cast<std::size_t>(end - anchor_), 0);
    return out_;
  }

 private:
  void put_plain(std::size_t plain, std::size_t match) noexcept {
    const std::size_t half = plain < kLongLength ? plain : kLongLength;
    out_ = put(out_, static_cast<std::uint8_t>(half << 4 | match));
    if (half == kLongLength) out_ = put_length(out_, plain);
    out_ = put_text(out_, {anchor_, plain});
  }

  const char* anchor_;  // all before it is written
  const char* begin_;
  std::size_t distance_ = 0;
  char* out_;
};

std::size_t changed_bytes(std::uint64_t difference) noexcept {  // from the lowest up
  return static_cast<std::size_t>(71 - std::countl_zero(difference)) / 8;
}

}  // namespace

// A match reaches from the upper bytes of a record's last number over the head of the next record;
// the distance is from there to the last record with that head. So a record of one number is one
// sequence. Where a head is new, what there is in common with the record before is two matches, one
// to the head and one in it. The format wants the last 12 bytes free of begins and the last 5 free
// of matches: what follows the head of the last record but one is written as it is.
void RecordCompressor::compress(std::string_view records, std::size_t record_bytes,
                                ByteBuffer& out) {
  assert(takes(records, record_bytes));
  const std::size_t begin = out.size();
  // No sequence is longer than what it stands for, but for lengths: a byte for each 255 literals.
  char* const to = out.room(records.size() + records.size() / 255 + 2 * kSlack);
  const char* const from = records.data();
  Sequences sequences(from, to);
  last_.fill(0);

  std::size_t distance = 0;  // of the record that this one is like; 0: there is none
  for (std::size_t next = record_bytes; next + record_bytes < records.size();
       next += record_bytes) {
    const char* const head = from + next;
    const std::uint64_t key = load(head);
    std::uint16_t& last = last_[key * kMix >> (64 - kTableBits)];
    const char* const candidate = from + last;
    const bool known = load(candidate) == key && candidate[kNumberBytes] == head[kNumberBytes];
    const std::size_t next_distance = known ? next - last : record_bytes;
    last = static_cast<std::uint16_t>(next);

    for (const char* number = head - record_bytes + kHeadBytes; number != head;
         number += kNumberBytes) {
      const std::size_t like = number + kNumberBytes == head ? next_distance : distance;
      // The record before the first one does not exist.
      const bool comparable = like != 0 && static_cast<std::size_t>(number - from) >= like;
      const std::uint64_t difference = comparable ? load(number) ^ load(number - like) : ~0ULL;
      if (difference == 0 && like == sequences.distance()) continue;
      sequences.end_match(number);
      sequences.match(number + changed_bytes(difference), like);
    }
    if (!known) [[unlikely]] {
      sequences.end_match(head);
      const char* const id = head + 1;
      sequences.match(id + changed_bytes(load(id) ^ load(id - record_bytes)), record_bytes);
    }
    distance = next_distance;
  }
  if (records.size() > 2 * record_bytes) {
    sequences.end_match(from + records.size() - 2 * record_bytes + kHeadBytes);
  }
  out.truncate(begin + static_cast<std::size_t>(sequences.finish(from + records.size()) - to));
}

}  // namespace micromegas::wire
