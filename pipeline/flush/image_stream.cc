// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/image_stream.h"

#include <algorithm>
#include <utility>

#include "micromegas/pipeline/flush/make_stream.h"

namespace micromegas::pipeline {

ImageStreamState::ImageStreamState(const Uuid& process_id, std::int64_t begin_time)
    : info_(make_stream<ImageStream>(process_id, StreamKind::kImage)), begin_time_(begin_time) {}

void ImageStreamState::add(const std::shared_ptr<const Image>& image) {
  const std::int64_t time = image->time;
  const std::size_t bytes = image->memory_bytes();
  images_.push_back(image);
  first_time_ = images_.size() == 1 ? time : std::min(first_time_, time);
  bytes_ += bytes;
}

std::shared_ptr<const ImageBlock> ImageStreamState::cut(std::int64_t now) {
  std::stable_sort(images_.begin(), images_.end(),
                   [](const auto& a, const auto& b) { return a->time < b->time; });
  BlockHeader header;
  header.process_id = info_.process_id;
  header.stream_id = info_.stream_id;
  header.block_id = Uuid::random();
  header.begin_time = std::min(begin_time_, first_time_);
  header.end_time = std::max(now, images_.back()->time);
  header.object_offset = object_offset_;
  header.event_count = static_cast<std::int32_t>(images_.size());
  auto block = std::make_shared<const ImageBlock>(header, std::move(images_));
  images_.clear();
  bytes_ = 0;
  begin_time_ = header.end_time;
  object_offset_ += header.event_count;
  ++blocks_;
  return block;
}

}  // namespace micromegas::pipeline
