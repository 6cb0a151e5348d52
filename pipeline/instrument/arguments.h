// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How a log's arguments become values of a record: numbers and strings are copied as they are, and
// the flush actor formats them. Types that only the program knows are formatted at the call site;
// include micromegas/fmt.h where they have a {fmt} formatter.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENTS_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENTS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "micromegas/pipeline/instrument/format_check.h"
#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/pipeline/queue/record.h"

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

// --- values, ready to be written ---

struct Number {
  std::uint64_t bits;
  static constexpr bool kIsText = false;
  MICROMEGAS_INLINE std::size_t bytes() const noexcept { return 8; }
  MICROMEGAS_INLINE void cut(std::uint32_t) noexcept {}
  MICROMEGAS_INLINE void write(queue::Writer& w) const noexcept { w.number(bits); }
};

// The largest n <= limit at which UTF-8 text can be cut without splitting a character.
inline std::uint32_t utf8_boundary(const char* text, std::uint32_t limit) noexcept {
  std::uint32_t n = limit;
  while (n > 0 && limit - n < 4 && (static_cast<unsigned char>(text[n]) & 0xc0U) == 0x80U) --n;
  return limit - n < 4 ? n : limit;
}

struct TextRef {
  const char* data;
  std::size_t size;
  std::uint32_t original = 0;  // if cut
  static constexpr bool kIsText = true;
  MICROMEGAS_INLINE std::size_t bytes() const noexcept {
    return 8 + ((size + 7) & ~std::size_t{7});
  }
  void cut(std::uint32_t limit) noexcept {
    if (size <= limit) return;
    micromegas_v0_count_cut();
    original = size > 0xffffffffU ? 0xffffffffU : static_cast<std::uint32_t>(size);
    size = utf8_boundary(data, limit);
  }
  MICROMEGAS_INLINE void write(queue::Writer& w) const noexcept {
    const auto kept = static_cast<std::uint32_t>(size);
    w.string(data, kept, original != 0 ? original : kept);
  }
};

// A user's formatter's text, kept alive while it is written.
template <class Text>
struct OwnedText : TextRef {
  explicit OwnedText(Text&& text) : TextRef{nullptr, 0}, owner(std::move(text)) {
    data = owner.data();
    size = owner.size();
  }
  OwnedText(const OwnedText&) = delete;
  OwnedText& operator=(const OwnedText&) = delete;
  Text owner;
};

// The spec of placeholder number `index`, "" if it has none. Cold: scans the text.
std::string_view spec_of_argument(std::string_view text, std::size_t index) noexcept;

template <class T>
MICROMEGAS_INLINE auto to_value(const LogMetadata& metadata, std::size_t index, const T& arg) {
  using U = std::remove_cvref_t<T>;
  constexpr queue::ArgType kType = arg_traits<U>().type;
  if constexpr (kType == queue::ArgType::kFormatted) {
    auto text = UserFormatter<U>::format(spec_of_argument(metadata.text, index), arg);
    return OwnedText<decltype(text)>(std::move(text));
  } else if constexpr (kType == queue::ArgType::kString) {
    (void)metadata;
    (void)index;
    if constexpr (std::is_pointer_v<U>) {
      if (arg == nullptr) return TextRef{"(null)", 6};
      return TextRef{arg, std::strlen(arg)};
    } else {
      const std::string_view text = arg;
      return TextRef{text.data(), text.size()};
    }
  } else if constexpr (kType == queue::ArgType::kFloat) {
    std::uint32_t bits;
    std::memcpy(&bits, &arg, 4);
    return Number{bits};
  } else if constexpr (kType == queue::ArgType::kDouble) {
    const auto number = static_cast<double>(arg);
    Number value{};
    std::memcpy(&value.bits, &number, 8);
    return value;
  } else if constexpr (kType == queue::ArgType::kPointer) {
    const void* pointer = arg;
    return Number{static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(pointer))};
  } else {
    return Number{static_cast<std::uint64_t>(arg)};
  }
}

}  // namespace micromegas::detail

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENTS_H_
