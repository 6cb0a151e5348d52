// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The bodies of the three requests of the ingestion protocol (docs/protocol.md): CBOR, with a
// block's records in two LZ4 frames.
//
//   wire::BlockEncoder encoder;                     // keep it: its buffers are reused
//   std::string process_body = wire::encode_process(process);
//   std::string stream_body = wire::encode_stream(stream);
//   auto body = encoder.encode(block, process);     // LogBlock, MetricsBlock, ...
//
// Nothing here keeps global state: functions may be called from any thread, an object from one
// thread at a time.
#ifndef MICROMEGAS_TRANSPORT_WIRE_ENCODE_H_
#define MICROMEGAS_TRANSPORT_WIRE_ENCODE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/process_info.h"
#include "micromegas/pipeline/sink/wire_compatibility.h"
#include "micromegas/platform/result.h"

namespace micromegas::wire {

using Compatibility = WireCompatibility;

struct EncodeOptions {
  Compatibility compatibility = Compatibility::k033;
  // LZ4F levels: 0 is fast, 10 what the Rust client uses, a negative one is faster still.
  int compression_level = 0;
};

// The server's limit for a body.
inline constexpr std::size_t kMaxBodyBytes = std::size_t{100} << 20;

struct EncodedBlock {
  std::string body;
  std::size_t dependencies_bytes = 0;  // before compression
  std::size_t objects_bytes = 0;       // before compression
};

// insert_process. Text columns are cut to 255 characters, NUL and bad UTF-8 become U+FFFD.
std::string encode_process(const ProcessInfo& process);

// insert_stream: packed layout, tag "log", "metrics", "cpu" or "image". The same for both
// compatibilities.
std::string encode_stream(const StreamInfo& stream);

// insert_block. The same block gives the same bytes each time.
class BlockEncoder {
 public:
  explicit BlockEncoder(EncodeOptions options = {});
  ~BlockEncoder();
  BlockEncoder(BlockEncoder&&) noexcept;
  BlockEncoder& operator=(BlockEncoder&&) noexcept;

  // `process` is the one that encode_process() sent; its tsc_frequency must be 1000000000. Fails
  // if it is not, if there is no event, if the block takes more than 512 MiB before compression, or
  // if it is one event whose body passes kMaxBodyBytes; the encoder stays usable. A body of several
  // events that does is to be cut (split.h).
  Result<EncodedBlock> encode(const LogBlock& block, const ProcessInfo& process);
  Result<EncodedBlock> encode(const MetricsBlock& block, const ProcessInfo& process);
  Result<EncodedBlock> encode(const ThreadBlock& block, const ProcessInfo& process);
  Result<EncodedBlock> encode(const ImageBlock& block, const ProcessInfo& process);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_ENCODE_H_
