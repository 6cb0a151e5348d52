// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// From an application's Image to the queue of images.

#include <memory>
#include <string>
#include <utility>

#include "micromegas/pipeline/instrument/utf8_boundary.h"
#include "micromegas/pipeline/queue/runtime.h"

namespace micromegas::queue {

void Runtime::send_image(Image&& image) noexcept {
  const auto cut = [this](std::string& text) {
    if (text.size() <= kMaxImageNameBytes) return;
    text.resize(detail::utf8_boundary(text.data(), kMaxImageNameBytes));
    count_cut();
  };
  ImageQueue::Pushed pushed = ImageQueue::Pushed::kFull;
  try {
    cut(image.name);
    cut(image.format);
    // What the vector has beyond its size counts as well. Copied rather than dropped for it, or
    // where that is most of it.
    if (image.data.capacity() / 2 > image.data.size()) image.data.shrink_to_fit();
    const auto shared = std::make_shared<Image>(std::move(image));
    pushed = images_.push(shared);
    if (pushed == ImageQueue::Pushed::kFull && shared->data.capacity() > shared->data.size()) {
      shared->data.shrink_to_fit();
      pushed = images_.push(shared);
    }
  } catch (...) {  // no memory
  }
  if (pushed == ImageQueue::Pushed::kDone) return;
  const bool full = pushed == ImageQueue::Pushed::kFull;
  drop(EventKind::kImage, full ? DropReason::kQueueFull : DropReason::kStopped, 1);
}

}  // namespace micromegas::queue
