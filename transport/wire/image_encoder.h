// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_TRANSPORT_WIRE_IMAGE_ENCODER_H_
#define MICROMEGAS_TRANSPORT_WIRE_IMAGE_ENCODER_H_

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/transport/wire/block_writer.h"

namespace micromegas::wire {

class ImageEncoder final : public BlockWriter {
 public:
  explicit ImageEncoder(EncodeOptions options = {}) : BlockWriter(options, 0, 0, 0) {}

  void add(const ImageEvent& event);
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_IMAGE_ENCODER_H_
