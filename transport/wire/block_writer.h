// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the encoders of events share: the two buffers of a payload, and the envelope around
// them. Objects are compressed as they come, piece by piece, while caches hold them.
//
//   encoder.begin(process);
//   block.for_each([&](const auto& event) { encoder.add(event); });
//   auto body = encoder.finish(block.header(), process);
#ifndef MICROMEGAS_TRANSPORT_WIRE_BLOCK_WRITER_H_
#define MICROMEGAS_TRANSPORT_WIRE_BLOCK_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/process_info.h"
#include "micromegas/platform/result.h"
#include "micromegas/transport/wire/byte_buffer.h"
#include "micromegas/transport/wire/dependencies.h"
#include "micromegas/transport/wire/encode.h"
#include "micromegas/transport/wire/lz4_frame.h"

namespace micromegas::wire {

// The body of insert_block around two LZ4 frames.
std::string write_block(const BlockHeader& header, const ProcessInfo& process,
                        std::string_view dependencies, std::string_view objects);

// A string inside a record: 5 bytes, then the text.
inline char* put_dynamic_string(char* at, std::string_view text) noexcept {
  at = put(at, std::uint8_t{2});  // codec: UTF-8
  at = put(at, static_cast<std::uint32_t>(text.size()));
  return put_text(at, text);
}

// Uncompressed, of each half; far above the blocks that the pipeline cuts.
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{512} << 20;

class BlockWriter {
 public:
  // Starts a block, forgetting an unfinished one.
  void begin(const ProcessInfo& process);

  // The body of insert_block; see BlockEncoder::encode() for the errors. Starts nothing new.
  Result<EncodedBlock> finish(const BlockHeader& header, const ProcessInfo& process);

  // What has not been compressed yet: the whole payload, as long as its objects are fewer than some
  // 60 KiB. Valid until the next add(), finish() or begin().
  [[nodiscard]] std::string_view dependencies() const noexcept {
    return dependencies_.bytes().view();
  }
  [[nodiscard]] std::string_view objects() const noexcept { return objects_.view(); }

 protected:
  // `usual_bytes`: of most records, which are what RecordCompressor takes; 0: there are none such.
  BlockWriter(EncodeOptions options, std::uint8_t string_type, std::uint8_t property_set_type,
              std::size_t usual_bytes)
      : compatibility_(options.compatibility),
        dependencies_(string_type, property_set_type),
        usual_bytes_(usual_bytes),
        compressor_(options.compression_level) {}
  ~BlockWriter() = default;

  // Counts an event. False once the payload is past what a body could hold: the event is not
  // written, and finish() fails.
  bool admit(std::size_t text_bytes) noexcept {
    ++count_;
    if (text_bytes > kMaxPayloadBytes || objects_bytes_ + objects_.size() > kMaxPayloadBytes ||
        dependencies_.bytes().size() > kMaxPayloadBytes) [[unlikely]] {
      overflow_ = true;
    }
    return !overflow_;
  }

  // Interns names and values of `properties`, but for names that are one of `reserved`; the ids
  // are left in property_ids_. Returns whether there is any.
  bool intern_properties(std::span<const Property> properties,
                         std::span<const std::string_view> reserved);

  // Nanoseconds since the epoch to ticks.
  [[nodiscard]] std::int64_t ticks(std::int64_t time) const noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(time) + tick_offset_);
  }

  char* record(std::uint8_t type, std::size_t bytes) { return put(room(1 + bytes), type); }
  char* dynamic_record(std::uint8_t type, std::size_t bytes) {
    char* at = put(room(5 + bytes), type);
    return put(at, static_cast<std::uint32_t>(bytes));
  }

  Compatibility compatibility_;
  Dependencies dependencies_;
  std::vector<std::uint64_t> property_ids_;

 private:
  char* room(std::size_t bytes) {
    if (objects_.size() >= FrameCompressor::kPieceBytes) [[unlikely]] {
      compress_piece();
    }
    unusual_ |= bytes ^ usual_bytes_;
    return objects_.room(bytes);
  }
  void compress_piece();

  std::size_t usual_bytes_;
  ByteBuffer objects_;             // not compressed yet
  std::size_t unusual_ = 0;        // of them: not 0 if a size differs from usual_bytes_
  std::size_t objects_bytes_ = 0;  // that were compressed
  Result<void> compressed_;        // whether all went well
  ByteBuffer compressed_dependencies_;
  ByteBuffer compressed_objects_;
  FrameCompressor compressor_;
  std::uint64_t tick_offset_ = 0;
  std::int64_t count_ = 0;
  bool overflow_ = false;
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_BLOCK_WRITER_H_
