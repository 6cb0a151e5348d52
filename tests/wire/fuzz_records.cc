// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// libFuzzer target of the compressor of records: what it writes reads as what it was given. The
// first byte of an input says how many numbers a record has, the rest are records.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "micromegas/tests/wire/lz4_block.h"
#include "micromegas/transport/wire/lz4_records.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using micromegas::wire::RecordCompressor;
  if (size == 0) return 0;
  const std::size_t record = RecordCompressor::kHeadBytes + 8U * (1U + data[0] % 3U);
  const std::size_t bytes = std::min(size - 1, RecordCompressor::kMaxBytes) / record * record;
  if (bytes == 0) return 0;
  // Of their own: what is read behind them is found.
  const std::unique_ptr<char[]> own(new char[bytes]);
  std::copy_n(data + 1, bytes, own.get());
  const std::string_view records(own.get(), bytes);

  static RecordCompressor compressor;
  static micromegas::wire::ByteBuffer out;
  out.clear();
  compressor.compress(records, record, out);
  if (out.size() > bytes + bytes / 255 + 2) std::abort();
  std::string fault;
  if (micromegas::wire::testing::read_lz4_block(out.view(), fault) != records) std::abort();
  if (!fault.empty()) std::abort();
  return 0;
}
