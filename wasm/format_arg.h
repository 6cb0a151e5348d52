// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A log's argument on its way to the text, type erased. Each type brings the function that formats
// it, so that a program holds only those for the types that it logs.
#ifndef MICROMEGAS_WASM_FORMAT_ARG_H_
#define MICROMEGAS_WASM_FORMAT_ARG_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "micromegas/pipeline/instrument/arguments.h"

namespace micromegas::wasm {

class TextBuffer;
void append(TextBuffer& out, std::string_view text) noexcept;

struct FormatArg {
  void (*format)(TextBuffer& out, std::string_view spec, const FormatArg& arg);
  queue::ArgType type;
  std::size_t size = 0;        // of a string
  const void* data = nullptr;  // of a string, or the user's object
  std::uint64_t bits = 0;      // of anything else
};

// The spec has passed the check at compile time; widths and precisions are digits by now.
void format_bool(TextBuffer& out, std::string_view spec, const FormatArg& arg);
void format_char(TextBuffer& out, std::string_view spec, const FormatArg& arg);
void format_int64(TextBuffer& out, std::string_view spec, const FormatArg& arg);
void format_uint64(TextBuffer& out, std::string_view spec, const FormatArg& arg);
void format_float(TextBuffer& out, std::string_view spec, const FormatArg& arg);
void format_double(TextBuffer& out, std::string_view spec, const FormatArg& arg);
void format_pointer(TextBuffer& out, std::string_view spec, const FormatArg& arg);
void format_string(TextBuffer& out, std::string_view spec, const FormatArg& arg);

template <class T>
void format_user(TextBuffer& out, std::string_view spec, const FormatArg& arg) {
  const auto text = detail::UserFormatter<T>::format(spec, *static_cast<const T*>(arg.data));
  append(out, {text.data(), text.size()});
}

// Lives no longer than `arg`.
template <class T>
FormatArg format_arg(const T& arg) noexcept {
  using queue::ArgType;
  using U = std::remove_cvref_t<T>;
  constexpr ArgType kType = detail::arg_traits<U>().type;
  if constexpr (kType == ArgType::kFormatted) {
    return {&format_user<U>, kType, 0, &arg};
  } else if constexpr (kType == ArgType::kString) {
    if constexpr (std::is_pointer_v<U>) {
      if (arg == nullptr) return {&format_string, kType, 6, "(null)"};
      return {&format_string, kType, std::strlen(arg), arg};
    } else {
      const std::string_view text = arg;
      return {&format_string, kType, text.size(), text.data()};
    }
  } else if constexpr (kType == ArgType::kFloat) {
    std::uint32_t bits;
    std::memcpy(&bits, &arg, 4);
    return {&format_float, kType, 0, nullptr, bits};
  } else if constexpr (kType == ArgType::kDouble) {
    const auto number = static_cast<double>(arg);
    std::uint64_t bits;
    std::memcpy(&bits, &number, 8);
    return {&format_double, kType, 0, nullptr, bits};
  } else if constexpr (kType == ArgType::kPointer) {
    const void* pointer = arg;
    return {&format_pointer, kType, 0, nullptr, reinterpret_cast<std::uintptr_t>(pointer)};
  } else {
    // With its sign, a character too.
    const auto bits = static_cast<std::uint64_t>(arg);  // NOLINT(bugprone-signed-char-misuse)
    if constexpr (kType == ArgType::kBool) {
      return {&format_bool, kType, 0, nullptr, bits};
    } else if constexpr (kType == ArgType::kChar) {
      return {&format_char, kType, 0, nullptr, bits};
    } else if constexpr (kType == ArgType::kInt64) {
      return {&format_int64, kType, 0, nullptr, bits};
    } else {
      return {&format_uint64, kType, 0, nullptr, bits};
    }
  }
}

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_FORMAT_ARG_H_
