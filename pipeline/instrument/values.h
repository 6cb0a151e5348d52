// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How arguments become values of a record: numbers and strings are copied as they are, and
// the flush actor formats them. Types that only the program knows are formatted here.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_VALUES_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include "micromegas/pipeline/instrument/arguments.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/utf8_boundary.h"
#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/pipeline/queue/record.h"

namespace micromegas::detail {

struct Number {
  std::uint64_t bits;
  static constexpr bool kIsText = false;
  MICROMEGAS_INLINE std::size_t bytes() const noexcept { return 8; }
  static constexpr bool is_long() noexcept { return false; }
  MICROMEGAS_INLINE void cut(std::uint32_t) noexcept {}
  MICROMEGAS_INLINE void write(queue::RecordWriter& w) const noexcept { w.number(bits); }
};

struct TextRef {
  const char* data;
  std::size_t size;
  std::uint32_t original = 0;  // if cut
  static constexpr bool kIsText = true;
  MICROMEGAS_INLINE std::size_t bytes() const noexcept {
    return 8 + ((size + 7) & ~std::size_t{7});
  }
  MICROMEGAS_INLINE bool is_long() const noexcept { return size > queue::RecordWriter::kShortText; }
  void cut(std::uint32_t limit) noexcept {
    if (size <= limit) return;
    micromegas_v0_count_cut();
    original = size > 0xffffffffU ? 0xffffffffU : static_cast<std::uint32_t>(size);
    size = utf8_boundary(data, limit);
  }
  MICROMEGAS_INLINE void write(queue::RecordWriter& w) const noexcept {
    w.string(data, size, original != 0 ? original : static_cast<std::uint32_t>(size));
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

// A text on its way into a function: two registers.
struct PackedText {
  const char* data;
  std::size_t size;
};

// What stands in a list of values for something that is none.
struct NoValue {
  static constexpr bool kIsText = false;
  static constexpr std::size_t bytes() noexcept { return 0; }
  static constexpr bool is_long() noexcept { return false; }
  static constexpr void cut(std::uint32_t) noexcept {}
  static constexpr void write(queue::RecordWriter&) noexcept {}
};

template <class Value>
MICROMEGAS_INLINE auto packed(const Value& value) noexcept {
  if constexpr (Value::kIsText) {
    return PackedText{value.data, value.size};  // the text's owner, if any, is the caller's
  } else {
    return value;
  }
}
template <class Value>
MICROMEGAS_INLINE Value unpacked(Value value) noexcept {
  return value;
}
MICROMEGAS_INLINE TextRef unpacked(PackedText text) noexcept { return {text.data, text.size}; }

// The spec of the argument at this place of the list, "" if it has none. Cold: scans the text.
std::string_view spec_of_argument(std::string_view text, const queue::ArgList& args,
                                  std::size_t place) noexcept;

// `spec()`: asked only for a type that is formatted here.
template <class T, class Spec>
MICROMEGAS_INLINE auto to_value(const T& arg, [[maybe_unused]] Spec spec) {
  using U = std::remove_cvref_t<T>;
  constexpr queue::ArgType kType = arg_traits<U>().type;
  if constexpr (kType == queue::ArgType::kFormatted) {
    auto text = UserFormatter<U>::format(spec(), arg);
    return OwnedText<decltype(text)>(std::move(text));
  } else if constexpr (kType == queue::ArgType::kString) {
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
template <KeyName Name, class T, class Spec>
MICROMEGAS_INLINE auto to_value(const KeyValue<Name, T>& pair, Spec spec) {
  return to_value(pair.value, spec);
}
template <class Spec>
MICROMEGAS_INLINE NoValue to_value(const PropertySet& /*set*/, Spec /*spec*/) {
  return {};
}

// The value of a property that no text shows.
template <class T>
MICROMEGAS_INLINE auto to_property(const T& arg) {
  return to_value(arg, [] { return std::string_view(); });
}

// The property set of an argument list, in front of the values.
struct NoSet {
  static constexpr std::uint32_t id() noexcept { return 0; }
  static constexpr std::uint8_t kFlags = queue::kNoFlags;
  static constexpr std::uint32_t kBytes = 0;
  MICROMEGAS_INLINE static void write(queue::RecordWriter& /*w*/) noexcept {}
};
struct SetRef {
  const PropertySet* set;
  [[nodiscard]] std::uint32_t id() const noexcept { return set->id(); }
  static constexpr std::uint8_t kFlags = queue::kHasPropertySet;
  static constexpr std::uint32_t kBytes = 8;
  MICROMEGAS_INLINE void write(queue::RecordWriter& w) const noexcept { w.number(set->id()); }
};
MICROMEGAS_INLINE NoSet set_of() noexcept { return {}; }
template <class T, class... Rest>
MICROMEGAS_INLINE auto set_of([[maybe_unused]] const T& first, const Rest&... rest) noexcept {
  if constexpr (ArgOf<T>::kIsSet) {
    return SetRef{&first};
  } else {
    return set_of(rest...);
  }
}

// The bytes of a record with these values, of which `fixed` are not theirs. Texts are cut, each to
// an equal share, to stay within `limit`.
template <class... Values>
MICROMEGAS_INLINE std::uint32_t fit(std::uint32_t limit, std::uint32_t fixed,
                                    Values&... values) noexcept {
  std::size_t bytes = fixed + (std::size_t{0} + ... + values.bytes());
  constexpr std::size_t kTexts =
      (std::size_t{0} + ... + std::size_t{std::decay_t<Values>::kIsText});
  if constexpr (kTexts > 0) {
    if (__builtin_expect(bytes > limit, 0)) {
      const std::size_t all_fixed = fixed + 8 * sizeof...(Values);
      const auto share = static_cast<std::uint32_t>((limit - all_fixed) / kTexts) & ~7U;
      (values.cut(share), ...);
      bytes = fixed + (std::size_t{0} + ... + values.bytes());
    }
  }
  return static_cast<std::uint32_t>(bytes);
}

}  // namespace micromegas::detail

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_VALUES_H_
