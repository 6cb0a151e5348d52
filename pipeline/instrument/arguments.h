// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a log may show and a property may hold, and the check of the format string. Numbers and
// strings are taken as they are; types that only the program knows are formatted at the call site:
// include micromegas/fmt.h where they have a {fmt} formatter.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENTS_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_ARGUMENTS_H_

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include "micromegas/pipeline/instrument/arg_type.h"
#include "micromegas/pipeline/instrument/format_check.h"
#include "micromegas/pipeline/instrument/key_value.h"
#include "micromegas/pipeline/instrument/property.h"

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
    return {ArgType::kBool, false, nullptr, {}};
  } else if constexpr (std::is_same_v<U, char>) {
    return {ArgType::kChar, false, nullptr, {}};
  } else if constexpr (std::is_same_v<U, float>) {
    return {ArgType::kFloat, true, nullptr, {}};
  } else if constexpr (std::is_floating_point_v<U>) {
    return {ArgType::kDouble, true, nullptr, {}};
  } else if constexpr (std::is_integral_v<U> && sizeof(U) <= 8 && !std::is_same_v<U, wchar_t> &&
                       !std::is_same_v<U, char8_t> && !std::is_same_v<U, char16_t> &&
                       !std::is_same_v<U, char32_t>) {
    return {
        std::is_signed_v<U> ? ArgType::kInt64 : ArgType::kUint64, std::is_signed_v<U>, nullptr, {}};
  } else if constexpr (HasUserFormatter<U>) {
    return {ArgType::kFormatted, false, &UserFormatter<U>::accepts, {}};
  } else if constexpr (std::is_enum_v<U>) {
    return arg_traits<std::underlying_type_t<U>>();
  } else if constexpr (std::is_same_v<U, void*> || std::is_same_v<U, const void*> ||
                       std::is_same_v<U, std::nullptr_t>) {
    return {ArgType::kPointer, false, nullptr, {}};
  } else if constexpr (std::is_convertible_v<const U&, std::string_view>) {
    return {ArgType::kString, false, nullptr, {}};
  } else {
    static_assert(AlwaysFalse<U>::value,
                  "a log cannot show this type: include micromegas/fmt.h if it has a {fmt} "
                  "formatter, or pass something that has one (for a pointer: static_cast<const "
                  "void*>(p))");
  }
}

// --- A macro's argument list: values, "key"_k = value, and at most one PropertySet ---

template <class T>
struct ArgOf {
  using Value = T;
  static constexpr bool kIsSet = std::is_same_v<T, PropertySet>;
  static constexpr bool kIsPair = false;
  static consteval std::string_view key() { return {}; }
};

// Copies of the keys, so that nothing refers to the template's own object, which g++ makes a unique
// symbol: a shared library that has one of these is never unloaded. Hidden for the same reason.
template <KeyName Name>
__attribute__((visibility("hidden"))) inline constexpr KeyName kKeyText = Name;

template <KeyName Name, class T>
struct ArgOf<KeyValue<Name, T>> {
  using Value = T;
  static constexpr bool kIsSet = false;
  static constexpr bool kIsPair = true;
  static consteval std::string_view key() { return kKeyText<Name>.view(); }
};

// Sets are no values: their id stands in front of these.
template <class... Args>
inline constexpr std::size_t kValueCount = (std::size_t{0} + ... +
                                            std::size_t{!ArgOf<Args>::kIsSet});
template <class... Args>
inline constexpr std::size_t kPairCount = (std::size_t{0} + ... +
                                           std::size_t{ArgOf<Args>::kIsPair});
template <class... Args>
inline constexpr std::size_t kSetCount = (std::size_t{0} + ... + std::size_t{ArgOf<Args>::kIsSet});

template <class... Args>
struct Arguments {
  ArgTraits traits[kValueCount<Args...> + 1] = {};
  queue::ArgType types[kValueCount<Args...> + 1] = {};
  std::string_view keys[kValueCount<Args...> + 1] = {};

  consteval Arguments() {
    [[maybe_unused]] std::size_t n = 0;
    (add<Args>(n), ...);
  }

 private:
  template <class T>
  consteval void add(std::size_t& n) {
    if constexpr (!ArgOf<T>::kIsSet) {
      keys[n] = ArgOf<T>::key();
      traits[n] = arg_traits<typename ArgOf<T>::Value>();
      traits[n].key = keys[n];
      types[n] = traits[n].type;
      ++n;
    }
  }
};

template <class... Args>
consteval auto arg_types() {
  struct Types {
    queue::ArgType types[kValueCount<Args...> + 1] = {};
  } result;
  const Arguments<Args...> all;
  for (std::size_t i = 0; i < kValueCount<Args...>; ++i) result.types[i] = all.types[i];
  return result;
}
template <class... Args>
consteval auto arg_keys() {
  struct Keys {
    std::string_view keys[kValueCount<Args...> + 1] = {};
  } result;
  const Arguments<Args...> all;
  for (std::size_t i = 0; i < kValueCount<Args...>; ++i) result.keys[i] = all.keys[i];
  return result;
}
template <class... Args>
__attribute__((visibility("hidden"))) inline constexpr auto kArgTypes = arg_types<Args...>();
template <class... Args>
__attribute__((visibility("hidden"))) inline constexpr auto kArgKeys = arg_keys<Args...>();

template <class... Args>
consteval queue::ArgList arg_list() {
  if constexpr (kValueCount<Args...> == 0) {
    return {};
  } else if constexpr (kPairCount<Args...> == 0) {
    return {kArgTypes<Args...>.types, nullptr, kValueCount<Args...>};
  } else {
    return {kArgTypes<Args...>.types, kArgKeys<Args...>.keys, kValueCount<Args...>};
  }
}
template <class... Args>
__attribute__((visibility("hidden"))) inline constexpr queue::ArgList kArgList =
    arg_list<Args...>();

// What the server takes for another level or target of a log, for another target, name or unit of a
// metric.
inline constexpr std::string_view kReservedForContexts[] = {"level", "target", "name", "unit"};
inline constexpr std::string_view kReservedForMetrics[] = {"target", "name", "unit"};

// Of a metric or a span: pairs and sets only, whose names are none of `reserved`.
template <class... Args>
consteval bool check_properties(std::span<const std::string_view> reserved = {}) {
  static_assert((... && (ArgOf<Args>::kIsPair || ArgOf<Args>::kIsSet)),
                "a property is written \"key\"_k = value, or is a PropertySet");
  static_assert(kSetCount<Args...> <= 1, "one PropertySet at most");
  static_assert(kValueCount<Args...> <= kMaxArguments, "at most 32 properties");
  const Arguments<Args...> all;
  for (std::size_t i = 0; i < kValueCount<Args...>; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (same_property_name(all.keys[i], all.keys[j])) {
        format_error("the same key twice (upper and lower case are one)");
      }
    }
    for (std::string_view name : reserved) {
      if (same_property_name(all.keys[i], name)) {
        format_error("a reserved key: the server reads it as an override");
      }
    }
  }
  return true;
}

// A string literal that has been checked against the types of the arguments.
template <class... Args>
class FormatString {
 public:
  template <std::size_t N>
  consteval FormatString(const char (&text)[N]) {  // NOLINT: stands for the literal
    static_assert(kSetCount<Args...> <= 1, "one PropertySet at most");
    const Arguments<Args...> all;
    FormatChecker(text, N - 1, all.traits, kValueCount<Args...>).check();
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
