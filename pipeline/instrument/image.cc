// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/image.h"

#include <string>
#include <utility>

#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/pipeline/sink/block.h"
#include "micromegas/platform/clock.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/thread.h"

namespace micromegas {
namespace {

bool is_too_large(std::size_t bytes) noexcept {
  if (bytes <= kMaxImageBytes) return false;
  micromegas_v0_drop(EventKind::kImage, DropReason::kInvalid, 1);
  diagnose("image.too_large", "an image of more than 64 MiB was dropped: send a smaller one");
  return true;
}

// `make_data` may run out of memory.
template <class MakeData>
void send(std::string_view name, std::string_view format, MakeData make_data) noexcept {
  Image image;
  image.time = static_cast<std::int64_t>(read_ticks());
  image.thread_id = current_thread_id();
  try {
    image.name = name;
    image.format = format;
    image.data = make_data();
  } catch (...) {
    micromegas_v0_drop(EventKind::kImage, DropReason::kQueueFull, 1);
    return;
  }
  micromegas_v0_send_image(&image);
}

}  // namespace

void send_image(std::string_view name, std::string_view format,
                std::span<const std::byte> data) noexcept {
  if (!detail::records_anything() || is_too_large(data.size())) return;
  send(name, format, [&] { return std::vector<std::byte>(data.begin(), data.end()); });
}

void send_image(std::string_view name, std::string_view format,
                std::vector<std::byte>&& data) noexcept {
  if (!detail::records_anything() || is_too_large(data.size())) return;
  send(name, format, [&] { return std::move(data); });
}

}  // namespace micromegas
