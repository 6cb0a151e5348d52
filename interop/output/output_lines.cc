// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/interop/output/output_lines.h"

namespace micromegas::detail {

void OutputLines::add(std::string_view output, FunctionRef<void(std::string_view)> line) {
  for (std::size_t end; (end = output.find('\n')) != std::string_view::npos;) {
    keep(output.substr(0, end));
    give(line);
    output.remove_prefix(end + 1);
  }
  keep(output);
}

void OutputLines::end(FunctionRef<void(std::string_view)> line) { give(line); }

void OutputLines::keep(std::string_view part) {
  bytes_ += part.size();
  if (partial_.size() < kMaxLine) partial_.append(part.substr(0, kMaxLine - partial_.size()));
}

void OutputLines::give(FunctionRef<void(std::string_view)> line) {
  if (bytes_ > partial_.size()) {
    // Not inside a character.
    for (int i = 0; i < 3 && (static_cast<unsigned char>(partial_.back()) & 0xc0U) == 0x80U; ++i) {
      partial_.pop_back();
    }
    if (static_cast<unsigned char>(partial_.back()) >= 0xc0U) partial_.pop_back();
    partial_ +=
        " [cut: " + std::to_string(partial_.size()) + " of " + std::to_string(bytes_) + " bytes]";
  } else if (!partial_.empty() && partial_.back() == '\r') {
    partial_.pop_back();
  }
  if (!partial_.empty()) line(partial_);
  partial_.clear();
  bytes_ = 0;
}

}  // namespace micromegas::detail
