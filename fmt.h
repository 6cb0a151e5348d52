// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Opt-in: types with a {fmt} formatter as log arguments.
//
//   #include "micromegas/fmt.h"
//   #include <fmt/chrono.h>
//   MM_INFO("took {:%S}", std::chrono::milliseconds(1500));
//
// Such an argument is formatted where the log stands, on the calling thread: only there is the
// object alive. If its formatter throws, the text says so. It may log.
#ifndef MICROMEGAS_FMT_H_
#define MICROMEGAS_FMT_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <fmt/format.h>

#include <cstddef>
#include <string_view>
#include <type_traits>

#include "micromegas/instrument.h"

namespace micromegas::detail {

template <class T>
void format_user_value(fmt::memory_buffer& out, std::string_view spec, const T& value) {
  // The spec has passed the formatter's own parse() at compile time.
  fmt::formatter<T> formatter;
  fmt::format_parse_context parse(fmt::string_view(spec.data(), spec.size()));
  formatter.parse(parse);
  fmt::format_context context(fmt::appender(out), {});
  formatter.format(value, context);
}

template <class T>
struct UserFormatter<
    T, std::enable_if_t<(std::is_class_v<T> || std::is_union_v<T> ||
                         std::is_enum_v<T>)&&!std::is_convertible_v<const T&, std::string_view> &&
                        fmt::has_formatter<T, fmt::format_context>::value>> {
  static constexpr bool accepts(const char* begin, const char* end) {
    fmt::formatter<T> formatter;
    fmt::format_parse_context context(
        fmt::string_view(begin, static_cast<std::size_t>(end - begin)));
    return formatter.parse(context) == context.end();
  }

  static fmt::memory_buffer format(std::string_view spec, const T& value) {
    fmt::memory_buffer out;
#if defined(__cpp_exceptions)
    try {
      format_user_value(out, spec, value);
    } catch (const std::exception& error) {
      out.clear();
      fmt::format_to(fmt::appender(out), "[formatter threw: {}]", error.what());
    } catch (...) {
      out.clear();
      fmt::format_to(fmt::appender(out), "[formatter threw]");
    }
#else
    format_user_value(out, spec, value);
#endif
    return out;
  }
};

}  // namespace micromegas::detail

#endif  // MICROMEGAS_FMT_H_
