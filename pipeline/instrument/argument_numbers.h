// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Which argument a placeholder's id stands for, in a text that has passed FormatChecker: a name,
// the pair with this key; else numbers as they are, no id: the next one, a name: the next one at
// its first mention, the same one afterwards. Pairs are not counted by numbers.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENT_NUMBERS_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENT_NUMBERS_H_

#include <cstddef>
#include <string_view>

#include "micromegas/pipeline/instrument/format_check.h"
#include "micromegas/pipeline/instrument/property.h"

namespace micromegas::detail {

class ArgumentNumbers {
 public:
  // `keys`: those of queue::ArgList, or null.
  ArgumentNumbers(const std::string_view* keys, std::size_t count) noexcept
      : keys_(keys), count_(count < kMaxArguments ? count : kMaxArguments) {}

  // The argument's place in the list; not below the count if there is no such argument.
  std::size_t of(std::string_view id) noexcept {
    if (!id.empty() && id[0] >= '0' && id[0] <= '9') {
      std::size_t number = 0;
      for (char c : id) number = number * 10 + static_cast<std::size_t>(c - '0');
      return place(number);
    }
    for (std::size_t i = 0; !id.empty() && i < count_; ++i) {
      if (same_property_name(is_pair(i) ? keys_[i] : names_[i], id)) return i;
    }
    const std::size_t i = place(next_++);
    if (i < count_) names_[i] = id;
    return i;
  }

  // The argument's key, or the name by which the text has mentioned it; empty if it has neither.
  [[nodiscard]] std::string_view name(std::size_t i) const noexcept {
    return is_pair(i) ? keys_[i] : names_[i];
  }

 private:
  [[nodiscard]] bool is_pair(std::size_t i) const noexcept {
    return keys_ != nullptr && !keys_[i].empty();
  }
  [[nodiscard]] std::size_t place(std::size_t number) const noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (!is_pair(i) && number-- == 0) return i;
    }
    return ~std::size_t{0};
  }

  const std::string_view* keys_;
  std::size_t count_;
  std::string_view names_[kMaxArguments];
  std::size_t next_ = 0;
};

}  // namespace micromegas::detail

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENT_NUMBERS_H_
