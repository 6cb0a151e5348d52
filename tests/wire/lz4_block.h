// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Reads one LZ4 block strictly: what the format asks of who writes one is checked, too.
#ifndef MICROMEGAS_TESTS_WIRE_LZ4_BLOCK_H_
#define MICROMEGAS_TESTS_WIRE_LZ4_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace micromegas::wire::testing {

// The content of `block`. `fault` says what is wrong with it, or is empty.
inline std::string read_lz4_block(std::string_view block, std::string& fault) {
  std::string content;
  std::size_t at = 0;
  std::size_t last_match = 0;  // its begin and its end; 0: there is none
  std::size_t last_end = 0;
  const auto byte = [&]() -> std::size_t {
    if (at >= block.size()) {
      fault = "cut";
      return 0;
    }
    return static_cast<std::uint8_t>(block[at++]);
  };
  const auto length = [&](std::size_t half) {
    if (half != 15) return half;
    std::size_t more = 0;
    do {
      more = byte();
      half += more;
    } while (more == 255);
    return half;
  };
  while (fault.empty()) {
    const std::size_t token = byte();
    const std::size_t plain = length(token >> 4);
    if (plain > block.size() - at) {
      fault = "literals past the end";
      break;
    }
    content += block.substr(at, plain);
    at += plain;
    if (at == block.size()) break;  // the last sequence has no match
    std::size_t distance = byte();
    distance |= byte() << 8;
    if (distance == 0 || distance > content.size()) fault = "a distance before the begin";
    last_match = content.size();
    const std::size_t match = length(token & 15) + 4;
    for (std::size_t i = 0; i < match && fault.empty(); ++i) {
      content.push_back(content[content.size() - distance]);
    }
    last_end = content.size();
  }
  if (fault.empty() && last_end != 0) {
    if (content.size() - last_end < 5) fault = "the last 5 bytes are not literals";
    if (content.size() - last_match < 12) fault = "a match begins in the last 12 bytes";
  }
  return content;
}

}  // namespace micromegas::wire::testing

#endif  // MICROMEGAS_TESTS_WIRE_LZ4_BLOCK_H_
