// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/block_writer.h"

#include <algorithm>
#include <string>

#include "micromegas/transport/wire/cbor_writer.h"
#include "micromegas/transport/wire/time_text.h"

namespace micromegas::wire {
namespace {

constexpr std::int64_t kTicksPerSecond = 1'000'000'000;
// Memory that an encoder keeps between blocks, per buffer.
constexpr std::size_t kKeptBytes = std::size_t{16} << 20;

std::int64_t wrapping_difference(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace

void BlockWriter::begin(const ProcessInfo& process) {
  dependencies_.clear();
  dependencies_.bytes().shrink_to(kKeptBytes);
  objects_.clear();
  objects_.shrink_to(kKeptBytes);
  unusual_ = 0;
  tick_offset_ =
      static_cast<std::uint64_t>(wrapping_difference(process.start_ticks, process.start_time));
  count_ = 0;
  overflow_ = false;
  objects_bytes_ = 0;
  compressed_objects_.clear();
  compressed_objects_.shrink_to(kKeptBytes);
  compressed_ = compressor_.begin(compressed_objects_);
}

void BlockWriter::compress_piece() {
  objects_bytes_ += objects_.size();
  const std::string_view piece = objects_.view();
  if (compressed_) {
    compressed_ = unusual_ == 0 ? compressor_.add_records(piece, usual_bytes_, compressed_objects_)
                                : compressor_.add(piece, compressed_objects_);
  }
  objects_.clear();
  unusual_ = 0;
}

bool BlockWriter::intern_properties(std::span<const Property> properties,
                                    std::span<const std::string_view> reserved) {
  property_ids_.clear();
  for (const Property& property : properties) {
    if (std::find(reserved.begin(), reserved.end(), property.name) != reserved.end()) continue;
    property_ids_.push_back(dependencies_.string(property.name));
    property_ids_.push_back(dependencies_.string(property.value));
  }
  return !property_ids_.empty();
}

std::string write_block(const BlockHeader& header, const ProcessInfo& process,
                        std::string_view dependencies, std::string_view objects) {
  std::string body;
  body.reserve(512 + dependencies.size() + objects.size());
  CborWriter cbor(body);
  cbor.map(10);
  cbor.text("block_id");
  cbor.text(header.block_id.to_string());
  cbor.text("stream_id");
  cbor.text(header.stream_id.to_string());
  cbor.text("process_id");
  cbor.text(header.process_id.to_string());
  cbor.text("begin_time");
  cbor.text(format_time(header.begin_time, "+00:00"));
  cbor.text("begin_ticks");
  cbor.integer(wrapping_difference(header.begin_time, process.start_time));
  cbor.text("end_time");
  cbor.text(format_time(header.end_time, "+00:00"));
  cbor.text("end_ticks");
  cbor.integer(wrapping_difference(header.end_time, process.start_time));
  cbor.text("payload");
  cbor.map(2);
  cbor.text("dependencies");
  cbor.bytes(dependencies);
  cbor.text("objects");
  cbor.bytes(objects);
  cbor.text("object_offset");
  cbor.integer(header.object_offset);
  cbor.text("nb_objects");
  cbor.integer(header.event_count);
  return body;
}

Result<EncodedBlock> BlockWriter::finish(const BlockHeader& header, const ProcessInfo& process) {
  if (process.tsc_frequency != kTicksPerSecond) {
    return Error("process has tsc_frequency " + std::to_string(process.tsc_frequency) +
                 ": blocks are written in ticks of a nanosecond, set it to 1000000000");
  }
  if (count_ == 0) return Error("block without events: the server would hide its stream");
  if (header.event_count != count_) {
    return Error("block says event_count " + std::to_string(header.event_count) + " but holds " +
                 std::to_string(count_) + " events");
  }
  const Error too_large("block does not fit into a body of " + std::to_string(kMaxBodyBytes) +
                        " bytes, and cannot be cut: make smaller ones");
  if (overflow_) return too_large;

  compress_piece();
  if (compressed_) compressed_ = compressor_.end(compressed_objects_);
  if (compressed_) compressed_ = compressor_.compress(dependencies(), compressed_dependencies_);
  if (!compressed_) return compressed_.error();
  compressed_ = Error("a block is finished once");

  EncodedBlock result;
  result.dependencies_bytes = dependencies().size();
  result.objects_bytes = objects_bytes_;
  result.body =
      write_block(header, process, compressed_dependencies_.view(), compressed_objects_.view());
  if (result.body.size() > kMaxBodyBytes && count_ == 1) return too_large;
  compressed_dependencies_.clear();
  compressed_dependencies_.shrink_to(kKeptBytes);
  compressed_objects_.clear();
  compressed_objects_.shrink_to(kKeptBytes);
  objects_.shrink_to(kKeptBytes);  // a large image's: not until the next one
  return result;
}

}  // namespace micromegas::wire
