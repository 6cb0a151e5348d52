// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/encode.h"
#include "micromegas/transport/wire/image_encoder.h"
#include "micromegas/transport/wire/log_encoder.h"
#include "micromegas/transport/wire/metrics_encoder.h"
#include "micromegas/transport/wire/span_encoder.h"

namespace micromegas::wire {
namespace {

template <class Event, class Encoder, class Block>
Result<EncodedBlock> encode_with(Encoder& encoder, const Block& block, const ProcessInfo& process) {
  encoder.begin(process);
  block.for_each([&encoder](const Event& event) { encoder.add(event); });
  return encoder.finish(block.header(), process);
}

}  // namespace

struct BlockEncoder::State {
  explicit State(EncodeOptions options)
      : log(options), metrics(options), spans(options), images(options) {}

  LogEncoder log;
  MetricsEncoder metrics;
  SpanEncoder spans;
  ImageEncoder images;
};

BlockEncoder::BlockEncoder(EncodeOptions options) : state_(std::make_unique<State>(options)) {}
BlockEncoder::~BlockEncoder() = default;
BlockEncoder::BlockEncoder(BlockEncoder&&) noexcept = default;
BlockEncoder& BlockEncoder::operator=(BlockEncoder&&) noexcept = default;

Result<EncodedBlock> BlockEncoder::encode(const LogBlock& block, const ProcessInfo& process) {
  return encode_with<LogEvent>(state_->log, block, process);
}

Result<EncodedBlock> BlockEncoder::encode(const MetricsBlock& block, const ProcessInfo& process) {
  return encode_with<MetricEvent>(state_->metrics, block, process);
}

Result<EncodedBlock> BlockEncoder::encode(const ThreadBlock& block, const ProcessInfo& process) {
  return encode_with<SpanEvent>(state_->spans, block, process);
}

Result<EncodedBlock> BlockEncoder::encode(const ImageBlock& block, const ProcessInfo& process) {
  return encode_with<ImageEvent>(state_->images, block, process);
}

}  // namespace micromegas::wire
