// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Output in pieces of any size, as lines. Not part of the surface.
#ifndef MICROMEGAS_INTEROP_OUTPUT_OUTPUT_LINES_H_
#define MICROMEGAS_INTEROP_OUTPUT_OUTPUT_LINES_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/instrument/metadata.h"

namespace micromegas::detail {

// One thread at a time.
class OutputLines {
 public:
  // Of a longer line this much is kept, with a mark; memory is bounded by it.
  static constexpr std::size_t kMaxLine = 56 * 1024;

  // Gives each line that ends here, without \n or \r\n, to `line`; empty ones are left out. Returns
  // how many are lost, for want of memory or because `line` threw.
  [[nodiscard]] std::size_t add(std::string_view output,
                                FunctionRef<void(std::string_view)> line) noexcept;
  // What has no end yet.
  [[nodiscard]] std::size_t end(FunctionRef<void(std::string_view)> line) noexcept;

 private:
  void keep(std::string_view part) noexcept;
  // False: it is lost.
  bool give(FunctionRef<void(std::string_view)> line) noexcept;
  void cut();

  std::string partial_;
  std::size_t bytes_ = 0;  // of the line so far
  bool lost_ = false;      // a part of it
};

// As logs that are dropped, if `metadata` lets them through. `lines`: their number.
void count_lost_lines(const LogMetadata& metadata, std::size_t lines) noexcept;

}  // namespace micromegas::detail

#endif  // MICROMEGAS_INTEROP_OUTPUT_OUTPUT_LINES_H_
