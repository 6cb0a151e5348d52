// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What an argument of a log, metric or span is, once the call site has taken it.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_ARG_TYPE_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_ARG_TYPE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace micromegas::queue {

// Types of arguments, in the order of a descriptor's argument list.
enum class ArgType : std::uint8_t {
  kBool = 1,
  kChar,
  kInt64,
  kUint64,
  kFloat,
  kDouble,
  kPointer,
  kString,
  kFormatted,  // a string that a user's formatter made at the call site: the spec is already
               // applied
};

// The values of a call site's records, in their order.
struct ArgList {
  const ArgType* types = nullptr;
  const std::string_view* keys = nullptr;  // of "key"_k = value; "" for one without; null: no keys
  std::size_t count = 0;

  [[nodiscard]] constexpr std::string_view key(std::size_t i) const noexcept {
    return keys != nullptr && i < count ? keys[i] : std::string_view();
  }
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_ARG_TYPE_H_
