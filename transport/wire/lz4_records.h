// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// LZ4 blocks (lz4_Block_format.md of liblz4) out of records of one size. liblz4 looks for what
// repeats; of records it is known: a record's head and most bytes of its times are those of the
// last record with that head. A third of liblz4's time, and fewer bytes.
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

  // Appends a block that holds `records`: at most kMaxBytes, each record of `record_bytes`, a head
  // and one or more numbers of 8 bytes. One thread at a time.
  void compress(std::string_view records, std::size_t record_bytes, ByteBuffer& out);

 private:
  static constexpr int kTableBits = 10;

  // Where the last record with a head of this hash begins. Any earlier record will do: heads are
  // compared.
  std::array<std::uint16_t, 1 << kTableBits> last_{};
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_LZ4_RECORDS_H_
