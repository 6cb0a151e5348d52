// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/image_encoder.h"

#include "micromegas/transport/wire/layout.h"

namespace micromegas::wire {

void ImageEncoder::add(const ImageEvent& event) {
  if (!admit(event.name.size() + event.format.size() + event.data.size())) return;
  const std::size_t bytes =
      8 + (5 + event.name.size()) + (5 + event.format.size()) + (4 + event.data.size());
  char* at = dynamic_record(layout::kImageEvent, bytes);
  at = put(at, ticks(event.time));
  at = put_dynamic_string(put_dynamic_string(at, event.name), event.format);
  at = put(at, static_cast<std::uint32_t>(event.data.size()));
  put_text(at, {reinterpret_cast<const char*>(event.data.data()), event.data.size()});
}

}  // namespace micromegas::wire
