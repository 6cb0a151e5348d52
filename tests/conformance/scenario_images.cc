// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "micromegas/tests/conformance/scenario.h"

namespace micromegas::conformance {
namespace {

void record_image(Expected& e, const std::string& name, const std::string& format,
                  const std::vector<std::byte>& data) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const std::byte b : data) {
    hex += kDigits[std::to_integer<unsigned>(b) >> 4];
    hex += kDigits[std::to_integer<unsigned>(b) & 15];
  }
  e.image(name, format, hex, [&] { send_image(name, format, data); });
}

}  // namespace

void record_images(Expected& e) {
  std::vector<std::byte> every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<std::byte>(i));
  record_image(e, "screenshot", "image/png", every_byte);
  record_image(e, "größe 世界", "", {});
  record_image(e, "", "png", {std::byte{0}});
  // More than a block holds: it has one of its own.
  std::vector<std::byte> large(std::size_t{3} << 20);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::byte>(i * i >> 7);
  record_image(e, "large", "raw", large);
  record_image(e, "after it", "raw", every_byte);
}

}  // namespace micromegas::conformance
