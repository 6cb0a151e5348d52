// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Images: whole files as bytes, beside the events of the process.
//
//   micromegas::send_image("screenshot", "image/png", std::move(png));
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_IMAGE_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_IMAGE_H_

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace micromegas {

inline constexpr std::size_t kMaxImageBytes = std::size_t{64} << 20;

// Sends an image with the time of now. `format`: free text, by custom a MIME type. Copies `data`,
// or takes it (copies a vector with room for twice its size, and one of which only the size fits
// the budget); name and format are cut at 1 KiB. Any thread; locks for a moment, allocates. Nothing
// happens while telemetry does not run; beyond kMaxImageBytes, or when the images that wait for the
// flush actor have spent their budget (TelemetryOptions::image_bytes), it is dropped and counted.
void send_image(std::string_view name, std::string_view format,
                std::span<const std::byte> data) noexcept;
void send_image(std::string_view name, std::string_view format,
                std::vector<std::byte>&& data) noexcept;

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_IMAGE_H_
