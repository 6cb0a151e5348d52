// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The values of a record, each in its own type.
#ifndef MICROMEGAS_PIPELINE_FLUSH_RECORD_VALUES_H_
#define MICROMEGAS_PIPELINE_FLUSH_RECORD_VALUES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "micromegas/pipeline/instrument/format_check.h"
#include "micromegas/pipeline/queue/catalogue.h"
#include "micromegas/pipeline/queue/record.h"

namespace micromegas::pipeline {

// A text that a format spec changes nothing of: a user's formatter has applied it, at the call
// site, or a redactor has put it in place of the value.
struct FinishedText {
  std::string_view text;
};

struct RecordValue {
  queue::ArgType type{};
  std::uint64_t bits = 0;
  std::string_view text;

  [[nodiscard]] bool is_text() const noexcept {
    return type == queue::ArgType::kString || type == queue::ArgType::kFormatted;
  }

  // Calls f with the value in its own type.
  template <class F>
  void visit(F f) const {
    using queue::ArgType;
    switch (type) {
      case ArgType::kBool:
        return f(bits != 0);
      case ArgType::kChar:
        return f(static_cast<char>(bits));
      case ArgType::kInt64:
        return f(static_cast<long long>(bits));
      case ArgType::kUint64:
        return f(static_cast<unsigned long long>(bits));
      case ArgType::kFloat: {
        const auto low = static_cast<std::uint32_t>(bits);
        float number;
        std::memcpy(&number, &low, 4);
        return f(number);
      }
      case ArgType::kDouble: {
        double number;
        std::memcpy(&number, &bits, 8);
        return f(number);
      }
      case ArgType::kPointer:
        return f(reinterpret_cast<const void*>(bits));
      case ArgType::kString:
        return f(text);
      case ArgType::kFormatted:
        return f(FinishedText{text});
    }
  }
};

// Reuse one object for many records. One thread at a time.
class RecordValues {
 public:
  // Reads as many as the call site's records have.
  void read(const queue::Descriptor& descriptor, queue::RecordReader& record) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  const RecordValue& operator[](std::size_t i) const noexcept { return values_[i]; }
  void replace(std::size_t i, std::string_view text) noexcept {
    values_[i] = {queue::ArgType::kFormatted, 0, text};
  }

  // Value i as "{}" shows it. A view of the record, or valid until the next read() or text(i).
  std::string_view text(std::size_t i);

  // Of the texts that were cut; 0: none was.
  [[nodiscard]] std::uint64_t kept_bytes() const noexcept { return kept_; }
  [[nodiscard]] std::uint64_t original_bytes() const noexcept { return original_; }

 private:
  static constexpr std::size_t kDigits = 32;  // no number's or pointer's "{}" is longer

  std::array<RecordValue, detail::kMaxArguments> values_{};
  std::array<std::array<char, kDigits>, detail::kMaxArguments> digits_{};
  std::size_t size_ = 0;
  std::uint64_t kept_ = 0;
  std::uint64_t original_ = 0;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_RECORD_VALUES_H_
