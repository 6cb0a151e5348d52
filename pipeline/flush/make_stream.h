// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A stream as it is announced, with an id of its own.
#ifndef MICROMEGAS_PIPELINE_FLUSH_MAKE_STREAM_H_
#define MICROMEGAS_PIPELINE_FLUSH_MAKE_STREAM_H_

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/platform/uuid.h"

namespace micromegas::pipeline {

template <class Stream>
Stream make_stream(const Uuid& process_id, StreamKind kind) {
  Stream stream;
  stream.process_id = process_id;
  stream.stream_id = Uuid::random();
  stream.kind = kind;
  return stream;
}

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_MAKE_STREAM_H_
