// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/lz4_frame.h"

#include <lz4frame.h>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace micromegas::wire {
namespace {

constexpr std::string_view kMagic = "\x04\x22\x4d\x18";
// Before each block.
constexpr std::size_t kBlockSizeBytes = 4;
constexpr std::uint32_t kNotCompressed = 0x80000000;

// The reader allocates this much: no more than the content needs.
LZ4F_blockSizeID_t block_size_for(std::size_t bytes) noexcept {
  if (bytes <= (std::size_t{64} << 10)) return LZ4F_max64KB;
  if (bytes <= (std::size_t{256} << 10)) return LZ4F_max256KB;
  if (bytes <= (std::size_t{1} << 20)) return LZ4F_max1MB;
  return LZ4F_max4MB;
}

LZ4F_preferences_t preferences(int level, std::size_t block_bytes) noexcept {
  LZ4F_preferences_t result{};
  result.frameInfo.blockSizeID = block_size_for(block_bytes);
  result.frameInfo.blockMode = LZ4F_blockIndependent;
  result.compressionLevel = level;
  result.autoFlush = 1;  // nothing is copied into the context first
  return result;
}

Error lz4_error(std::size_t code) {
  return Error(std::string("lz4 compression failed: ") + LZ4F_getErrorName(code));
}

}  // namespace

FrameCompressor::~FrameCompressor() { LZ4F_freeCompressionContext(context_); }

Result<void> FrameCompressor::begin(std::size_t block_bytes, ByteBuffer& out) {
  if (context_ == nullptr) {
    const std::size_t code = LZ4F_createCompressionContext(&context_, LZ4F_VERSION);
    if (LZ4F_isError(code) != 0) {
      context_ = nullptr;
      return lz4_error(code);
    }
  }
  block_bytes_ = block_bytes;
  const LZ4F_preferences_t chosen = preferences(level_, block_bytes_);
  out.clear();
  char* const at = out.room(LZ4F_HEADER_SIZE_MAX);
  const std::size_t written = LZ4F_compressBegin(context_, at, LZ4F_HEADER_SIZE_MAX, &chosen);
  if (LZ4F_isError(written) != 0) return lz4_error(written);
  out.truncate(written);
  return {};
}

Result<void> FrameCompressor::add(std::string_view bytes, ByteBuffer& out) {
  if (bytes.empty()) return {};
  const LZ4F_preferences_t chosen = preferences(level_, block_bytes_);
  const std::size_t bound = LZ4F_compressBound(bytes.size(), &chosen);
  const std::size_t before = out.size();
  char* const at = out.room(bound);
  const std::size_t written =
      LZ4F_compressUpdate(context_, at, bound, bytes.data(), bytes.size(), nullptr);
  if (LZ4F_isError(written) != 0) return lz4_error(written);
  out.truncate(before + written);
  return {};
}

// A block of our own among those of liblz4, which keeps nothing back: they are independent, and it
// is flushed.
Result<void> FrameCompressor::add_records(std::string_view records, std::size_t record_bytes,
                                          ByteBuffer& out) {
  static_assert(RecordCompressor::kMaxBytes <= kMaxPieceBytes, "begin() announces as much");
  if (level_ != 0 || !RecordCompressor::takes(records, record_bytes)) return add(records, out);
  if (records.empty()) return {};
  const std::size_t begin = out.size();
  out.room(kBlockSizeBytes);
  const std::size_t at = out.size();
  records_.compress(records, record_bytes, out);
  auto size = static_cast<std::uint32_t>(out.size() - at);
  if (size >= records.size()) {
    out.truncate(at);
    put_text(out.room(records.size()), records);
    size = static_cast<std::uint32_t>(records.size()) | kNotCompressed;
  }
  out.overwrite(begin, size);
  return {};
}

Result<void> FrameCompressor::end(ByteBuffer& out) {
  const LZ4F_preferences_t chosen = preferences(level_, block_bytes_);
  const std::size_t bound = LZ4F_compressBound(0, &chosen);
  const std::size_t before = out.size();
  char* const at = out.room(bound);
  const std::size_t written = LZ4F_compressEnd(context_, at, bound, nullptr);
  if (LZ4F_isError(written) != 0) return lz4_error(written);
  out.truncate(before + written);
  return {};
}

Result<void> FrameCompressor::compress(std::string_view bytes, ByteBuffer& out) {
  auto done = begin(bytes.size(), out);
  if (done) done = add(bytes, out);
  if (done) done = end(out);
  return done;
}

Result<std::string> decompress_frame(std::string_view frame, std::size_t max_bytes) {
  if (!frame.starts_with(kMagic)) {
    return Error(frame.empty() ? "no bytes where an LZ4 frame should be (an empty payload is a "
                                 "frame of zero bytes)"
                               : "not an LZ4 frame: no magic number");
  }
  LZ4F_dctx* raw = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION)) != 0) {
    return Error("lz4 decompression context: out of memory");
  }
  const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(
      raw, &LZ4F_freeDecompressionContext);

  // Room is given as the content comes, doubling: a header's content size is only a claim.
  std::string out;
  std::size_t filled = 0;
  std::size_t room = std::min(max_bytes, std::max<std::size_t>(frame.size() * 4, 4096));
  for (;;) {
    out.resize(room);
    std::size_t produced = room - filled;
    std::size_t consumed = frame.size();
    const std::size_t hint = LZ4F_decompress(context.get(), out.data() + filled, &produced,
                                             frame.data(), &consumed, nullptr);
    if (LZ4F_isError(hint) != 0) {
      return Error(std::string("bad LZ4 frame: ") + LZ4F_getErrorName(hint));
    }
    filled += produced;
    frame.remove_prefix(consumed);
    if (hint == 0) break;
    if (filled == room) {
      if (room >= max_bytes && produced == 0 && consumed == 0) {
        return Error("LZ4 frame holds more than " + std::to_string(max_bytes) + " bytes");
      }
      room = std::min(max_bytes, room * 2);
      continue;
    }
    if (frame.empty() || (produced == 0 && consumed == 0)) {
      return Error("LZ4 frame is cut: its end mark is missing");
    }
  }
  out.resize(filled);
  return out;
}

}  // namespace micromegas::wire
