// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/interop/output/output_lines.h"

#include <cstdint>
#include <utility>

#include "micromegas/dispatch.h"
#include "micromegas/pipeline/queue/hot.h"

namespace micromegas::detail {

std::size_t OutputLines::add(std::string_view output,
                             FunctionRef<void(std::string_view)> line) noexcept {
  std::size_t lost = 0;
  for (std::size_t end; (end = output.find('\n')) != std::string_view::npos;) {
    keep(output.substr(0, end));
    if (!give(line)) ++lost;
    output.remove_prefix(end + 1);
  }
  keep(output);
  return lost;
}

std::size_t OutputLines::end(FunctionRef<void(std::string_view)> line) noexcept {
  return give(line) ? 0 : 1;
}

void OutputLines::keep(std::string_view part) noexcept {
  bytes_ += part.size();
  if (lost_ || partial_.size() >= kMaxLine) return;
  try {
    partial_.append(part.substr(0, kMaxLine - partial_.size()));
  } catch (...) {  // no memory
    lost_ = true;
  }
}

bool OutputLines::give(FunctionRef<void(std::string_view)> line) noexcept {
  try {
    if (!lost_) {
      if (bytes_ > partial_.size()) {
        cut();
      } else if (!partial_.empty() && partial_.back() == '\r') {
        partial_.pop_back();
      }
      if (!partial_.empty()) line(partial_);
    }
  } catch (...) {  // no memory, or `line` has thrown
    lost_ = true;
  }
  partial_.clear();
  bytes_ = 0;
  return !std::exchange(lost_, false);
}

// Not inside a character.
void OutputLines::cut() {
  for (int i = 0; i < 3 && (static_cast<unsigned char>(partial_.back()) & 0xc0U) == 0x80U; ++i) {
    partial_.pop_back();
  }
  if (static_cast<unsigned char>(partial_.back()) >= 0xc0U) partial_.pop_back();
  partial_ +=
      " [cut: " + std::to_string(partial_.size()) + " of " + std::to_string(bytes_) + " bytes]";
}

void count_lost_lines(const LogMetadata& metadata, std::size_t lines) noexcept {
  if (lines == 0 || !dispatch::log_enabled(metadata)) return;
  micromegas_v0_drop(EventKind::kLog, DropReason::kQueueFull, static_cast<std::uint32_t>(lines));
}

}  // namespace micromegas::detail
