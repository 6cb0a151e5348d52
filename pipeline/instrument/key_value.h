// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Properties in a macro's argument list:
//
//   using namespace micromegas::literals;
//   MM_INFO("{rows} rows fetched", "rows"_k = n, "region"_k = region);
//   MM_FMETRIC("request_time", "ms", elapsed, micromegas::kv<"route">(route));
//
// The value is copied as what it is (bool, integer, floating-point number, string, enum, or by its
// {fmt} formatter with micromegas/fmt.h) and becomes text away from the calling thread.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_KEY_VALUE_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_KEY_VALUE_H_

#include <cstddef>
#include <string_view>

#include "micromegas/pipeline/instrument/property.h"

namespace micromegas {
namespace detail {

// A key as a template argument.
template <std::size_t N>
struct KeyName {
  char text[N] = {};

  consteval KeyName(const char (&from)[N]) {  // NOLINT: stands for the literal
    for (std::size_t i = 0; i < N; ++i) text[i] = from[i];
  }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, N - 1}; }
};

constexpr bool is_library_key(std::string_view key) noexcept {
  return same_property_name(key.substr(0, 11), "micromegas.");
}

template <KeyName Name>
consteval bool check_key() {
  static_assert(!Name.view().empty(), "a property's key is empty");
  static_assert(Name.view().size() <= PropertySet::kMaxNameBytes,
                "a property's key is longer than 256 bytes");
  static_assert(!is_library_key(Name.view()),
                "keys that begin with 'micromegas.' are the library's own");
  return true;
}

}  // namespace detail

// Lives until the end of the full expression: in a macro's argument list, nowhere else.
template <detail::KeyName Name, class T>
struct KeyValue {
  const T& value;
};

template <detail::KeyName Name>
struct PropertyKey {
  static_assert(detail::check_key<Name>());
  template <class T>
  constexpr KeyValue<Name, T> operator=(  // NOLINT(misc-unconventional-assign-operator)
      const T& value) const noexcept {
    return {value};
  }
};

// kv<"key">(value) is "key"_k = value.
template <detail::KeyName Name, class T>
constexpr KeyValue<Name, T> kv(const T& value) noexcept {
  static_assert(detail::check_key<Name>());
  return {value};
}

namespace literals {

// Not consteval: clang 14 leaves a call to that in a coroutine that is a template.
template <detail::KeyName Name>
constexpr PropertyKey<Name> operator""_k() noexcept {
  return {};
}

}  // namespace literals
}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_KEY_VALUE_H_
