// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Which argument a placeholder's id stands for, in a text that has passed FormatChecker: numbers as
// they are; no id: the next one; a name: the next one at its first mention, the same one
// afterwards.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENT_NUMBERS_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENT_NUMBERS_H_

#include <cstddef>
#include <string_view>

#include "micromegas/pipeline/instrument/format_check.h"
#include "micromegas/pipeline/instrument/property.h"

namespace micromegas::detail {

class ArgumentNumbers {
 public:
  std::size_t of(std::string_view id) noexcept {
    if (!id.empty() && id[0] >= '0' && id[0] <= '9') {
      std::size_t number = 0;
      for (char c : id) number = number * 10 + static_cast<std::size_t>(c - '0');
      return number;
    }
    for (std::size_t i = 0; !id.empty() && i < next_ && i < kMaxArguments; ++i) {
      if (same_property_name(names_[i], id)) return i;
    }
    if (next_ < kMaxArguments) names_[next_] = id;
    return next_++;
  }

 private:
  std::string_view names_[kMaxArguments];
  std::size_t next_ = 0;
};

}  // namespace micromegas::detail

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENT_NUMBERS_H_
