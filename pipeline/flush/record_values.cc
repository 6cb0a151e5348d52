// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/record_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

namespace micromegas::pipeline {

using queue::ArgType;

void RecordValues::read(const queue::Descriptor& descriptor, queue::RecordReader& record) noexcept {
  size_ = std::min(descriptor.arg_types.size(), values_.size());
  kept_ = original_ = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    RecordValue& value = values_[i];
    value.type = descriptor.arg_types[i];
    if (!value.is_text()) {
      value.bits = record.number();
      continue;
    }
    const queue::StringValue text = record.string();
    value.text = text.text;
    if (text.original_bytes > text.text.size()) {
      kept_ += text.text.size();
      original_ += text.original_bytes;
    }
  }
}

std::string_view RecordValues::text(std::size_t i) {
  const RecordValue& value = values_[i];
  if (value.is_text()) return value.text;
  char* const out = digits_[i].data();
  std::size_t size = 0;
  const auto keep = [&](const fmt::format_int& digits) {
    size = digits.size();
    std::memcpy(out, digits.data(), size);
  };
  switch (value.type) {
    case ArgType::kInt64:  // most: without {fmt}'s parsing
      keep(fmt::format_int(static_cast<long long>(value.bits)));
      break;
    case ArgType::kUint64:
      keep(fmt::format_int(static_cast<unsigned long long>(value.bits)));
      break;
    default:
      value.visit([&](const auto& v) {
        using T = std::remove_cvref_t<decltype(v)>;
        if constexpr (!std::is_same_v<T, FinishedText>) {
          size = std::min(fmt::format_to_n(out, kDigits, "{}", v).size, kDigits);
        }
      });
  }
  return {out, size};
}

}  // namespace micromegas::pipeline
