// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a log may show, and the check of its format string. Numbers and strings are taken as they
// are; types that only the program knows are formatted at the call site: include micromegas/fmt.h
// where they have a {fmt} formatter.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENTS_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENTS_H_

#include <cstddef>
#include <string_view>
#include <type_traits>

#include "micromegas/pipeline/instrument/arg_type.h"
#include "micromegas/pipeline/instrument/format_check.h"

namespace micromegas::detail {

// Specialised by micromegas/fmt.h:
//   static constexpr bool accepts(const char* begin, const char* end);
//   static Text format(std::string_view spec, const T& value);  // Text: data(), size(); owns
template <class T, class Enable = void>
struct UserFormatter;

template <class T>
concept HasUserFormatter = requires {
  sizeof(UserFormatter<T>);
};

template <class T>
struct AlwaysFalse : std::false_type {};

template <class T>
consteval ArgTraits arg_traits() {
  using U = std::remove_cvref_t<T>;
  using queue::ArgType;
  if constexpr (std::is_same_v<U, bool>) {
    return {ArgType::kBool, false, nullptr};
  } else if constexpr (std::is_same_v<U, char>) {
    return {ArgType::kChar, false, nullptr};
  } else if constexpr (std::is_same_v<U, float>) {
    return {ArgType::kFloat, true, nullptr};
  } else if constexpr (std::is_floating_point_v<U>) {
    return {ArgType::kDouble, true, nullptr};
  } else if constexpr (std::is_integral_v<U> && sizeof(U) <= 8 && !std::is_same_v<U, wchar_t> &&
                       !std::is_same_v<U, char8_t> && !std::is_same_v<U, char16_t> &&
                       !std::is_same_v<U, char32_t>) {
    return {std::is_signed_v<U> ? ArgType::kInt64 : ArgType::kUint64, std::is_signed_v<U>, nullptr};
  } else if constexpr (HasUserFormatter<U>) {
    return {ArgType::kFormatted, false, &UserFormatter<U>::accepts};
  } else if constexpr (std::is_enum_v<U>) {
    return arg_traits<std::underlying_type_t<U>>();
  } else if constexpr (std::is_same_v<U, void*> || std::is_same_v<U, const void*> ||
                       std::is_same_v<U, std::nullptr_t>) {
    return {ArgType::kPointer, false, nullptr};
  } else if constexpr (std::is_convertible_v<const U&, std::string_view>) {
    return {ArgType::kString, false, nullptr};
  } else {
    static_assert(AlwaysFalse<U>::value,
                  "a log cannot show this type: include micromegas/fmt.h if it has a {fmt} "
                  "formatter, or pass something that has one (for a pointer: static_cast<const "
                  "void*>(p))");
  }
}

// Hidden: otherwise g++ makes them unique symbols, and a shared library that has one of these is
// never unloaded.
template <class... Args>
__attribute__((visibility("hidden"))) inline constexpr ArgTraits kArgTraits[sizeof...(Args) + 1] = {
    arg_traits<Args>()..., {}};
template <class... Args>
__attribute__((
    visibility("hidden"))) inline constexpr queue::ArgType kArgTypes[sizeof...(Args) + 1] = {
    arg_traits<Args>().type..., {}};

// A string literal that has been checked against the types of the arguments.
template <class... Args>
class FormatString {
 public:
  template <std::size_t N>
  consteval FormatString(const char (&text)[N]) {  // NOLINT: stands for the literal
    FormatChecker(text, N - 1, kArgTraits<Args...>, sizeof...(Args)).check();
  }
  template <class T>
  requires(!std::is_array_v<T>) consteval FormatString(
      const T&) {  // NOLINT: only there to say what is wrong
    static_assert(AlwaysFalse<T>::value,
                  "a log's format string is a literal; for a text known at run time write "
                  "MM_INFO(\"{}\", text)");
  }
};

}  // namespace micromegas::detail

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENTS_H_
