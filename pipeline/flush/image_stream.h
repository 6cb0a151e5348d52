// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The images of the process on their way into blocks. The flush actor's alone.
#ifndef MICROMEGAS_PIPELINE_FLUSH_IMAGE_STREAM_H_
#define MICROMEGAS_PIPELINE_FLUSH_IMAGE_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "micromegas/pipeline/sink/block.h"

namespace micromegas::pipeline {

class ImageStreamState {
 public:
  // `begin_time`: where the first block begins, at the latest.
  ImageStreamState(const Uuid& process_id, std::int64_t begin_time);

  // Or nothing has happened.
  void add(const std::shared_ptr<const Image>& image);

  [[nodiscard]] bool empty() const noexcept { return images_.empty(); }
  [[nodiscard]] std::size_t count() const noexcept { return images_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  // Whether it had better be cut.
  [[nodiscard]] bool full(std::size_t limit) const noexcept { return bytes_ >= limit; }
  // Time of the earliest image; only if !empty().
  [[nodiscard]] std::int64_t first_time() const noexcept { return first_time_; }
  // Blocks that have been cut.
  [[nodiscard]] std::uint64_t blocks() const noexcept { return blocks_; }

  // Takes everything out as one block, with bounds as those of logs (block_builder.h).
  // Precondition: !empty().
  std::shared_ptr<const ImageBlock> cut(std::int64_t now);

  [[nodiscard]] const ImageStream& info() const noexcept { return info_; }
  bool announced = false;

 private:
  ImageStream info_;
  std::int64_t begin_time_;
  std::int64_t object_offset_ = 0;
  std::uint64_t blocks_ = 0;
  std::size_t bytes_ = 0;
  std::int64_t first_time_ = 0;
  std::vector<std::shared_ptr<const Image>> images_;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_IMAGE_STREAM_H_
