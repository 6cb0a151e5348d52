// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// LZ4 frames (magic 04 22 4D 18, lz4_Frame_format.md of liblz4).
#ifndef MICROMEGAS_TRANSPORT_WIRE_LZ4_FRAME_H_
#define MICROMEGAS_TRANSPORT_WIRE_LZ4_FRAME_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "micromegas/platform/result.h"
#include "micromegas/transport/wire/byte_buffer.h"
#include "micromegas/transport/wire/lz4_records.h"

struct LZ4F_cctx_s;

namespace micromegas::wire {

// Makes frames of independent blocks without checksums (the transport has its own), and keeps the
// compressor's tables from frame to frame. One thread at a time. Fails only when memory or liblz4
// does.
class FrameCompressor {
 public:
  // Of a frame made in pieces. Smaller ones are found in a processor's own caches still, and LZ4
  // has a quicker table for them.
  static constexpr std::size_t kMaxPieceBytes = std::size_t{64} << 10;
  // Where a writer of small records should end a piece: the next one seldom passes the above.
  static constexpr std::size_t kPieceBytes = kMaxPieceBytes - 4096;

  explicit FrameCompressor(int level) : level_(level) {}
  ~FrameCompressor();
  FrameCompressor(const FrameCompressor&) = delete;
  FrameCompressor& operator=(const FrameCompressor&) = delete;

  // Replaces `out` by one frame; of nothing: a frame that holds zero bytes.
  Result<void> compress(std::string_view bytes, ByteBuffer& out);

  // The same piece by piece: begin() replaces `out`, the others append to it. A larger piece is
  // cut.
  Result<void> begin(ByteBuffer& out) { return begin(kMaxPieceBytes, out); }
  Result<void> add(std::string_view bytes, ByteBuffer& out);
  // The same by a RecordCompressor, if the level is 0 and it takes the records.
  Result<void> add_records(std::string_view records, std::size_t record_bytes, ByteBuffer& out);
  Result<void> end(ByteBuffer& out);

 private:
  Result<void> begin(std::size_t block_bytes, ByteBuffer& out);

  int level_;
  std::size_t block_bytes_ = 0;  // of the frame that has begun
  LZ4F_cctx_s* context_ = nullptr;
  RecordCompressor records_;
};

// The content of the frame at the front of `frame`; what follows it is ignored, as the official
// decoder does. Fails past `max_bytes`.
Result<std::string> decompress_frame(std::string_view frame, std::size_t max_bytes);

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_LZ4_FRAME_H_
