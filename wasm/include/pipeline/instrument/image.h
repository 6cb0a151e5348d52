// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Stands in for the native header of the same path: on wasm32 images go nowhere.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_IMAGE_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_IMAGE_H_

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace micromegas {

inline constexpr std::size_t kMaxImageBytes = std::size_t{64} << 20;

inline void send_image(std::string_view /*name*/, std::string_view /*format*/,
                       std::span<const std::byte> /*data*/) noexcept {}
inline void send_image(std::string_view /*name*/, std::string_view /*format*/,
                       std::vector<std::byte>&& /*data*/) noexcept {}

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_IMAGE_H_
