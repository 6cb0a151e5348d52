// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// LZ4 blocks (lz4_Block_format.md of liblz4) out of records of one size. liblz4 looks for what
// repeats; of records it is known: the last record with the same head, and the number before that
// one, whose upper bytes a time shares. docs/performance.md says what it gains ("Background").
#ifndef MICROMEGAS_TRANSPORT_WIRE_LZ4_RECORDS_H_
#define MICROMEGAS_TRANSPORT_WIRE_LZ4_RECORDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "micromegas/transport/wire/byte_buffer.h"

namespace micromegas::wire {

class RecordCompressor {
 public:
  // What begins a record and tells what it is about: its type index and the id of its descriptor.
  static constexpr std::size_t kHeadBytes = 9;
  // Distances have 16 bits.
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 10;

  // Whether `records`, each of `record_bytes`, are a head and one or more numbers of 8 bytes, and
  // are at most kMaxBytes.
  static constexpr bool takes(std::string_view records, std::size_t record_bytes) noexcept {
    return record_bytes > kHeadBytes && (record_bytes - kHeadBytes) % 8 == 0 &&
           records.size() % record_bytes == 0 && records.size() <= kMaxBytes;
  }

  // Appends a block that holds `records`, which it takes(). One thread at a time.
  void compress(std::string_view records, std::size_t record_bytes, ByteBuffer& out);

 private:
  static constexpr int kTableBits = 10;

  // Within one block: where the last record with a head of this hash begins. Any earlier record
  // will do: heads are compared.
  std::array<std::uint16_t, 1 << kTableBits> last_{};
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_LZ4_RECORDS_H_
