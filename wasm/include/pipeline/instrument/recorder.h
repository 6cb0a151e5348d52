// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Stands in for the native header of the same path: what the macros call on wasm32. A log is
// formatted and given to the sink where it stands; metrics and spans are disabled, so that their
// values are checked by the compiler and never evaluated.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_RECORDER_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_RECORDER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "micromegas/pipeline/instrument/arguments.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/wasm/format_arg.h"

#define MICROMEGAS_INLINE inline __attribute__((always_inline))

namespace micromegas {

namespace wasm {

// The most that any filter lets through, as LevelFilter; 0 while telemetry is not running.
extern constinit std::atomic<std::uint8_t>
    g_max_level;  // NOLINT(bugprone-dynamic-static-initializers)

// What the filters and the sink say.
bool wanted(const LogMetadata& metadata) noexcept;
// Formats metadata.text and gives it to the sink.
void log(const LogMetadata& metadata, const FormatArg* args, std::size_t count) noexcept;

}  // namespace wasm

namespace queue {

MICROMEGAS_INLINE bool enabled(const LogMetadata& metadata) noexcept {
  return static_cast<std::uint8_t>(metadata.level) <=
             wasm::g_max_level.load(std::memory_order_relaxed) &&
         wasm::wanted(metadata);
}
constexpr bool enabled(const StaticMetricMetadata& /*metadata*/) noexcept { return false; }

}  // namespace queue

namespace detail {

inline void write_log(const LogMetadata& metadata, std::nullptr_t /*no arguments*/) noexcept {
  wasm::log(metadata, nullptr, 0);
}

template <std::size_t... I, class... Args>
inline void convert_and_write(const LogMetadata& metadata, std::index_sequence<I...> /*unused*/,
                              const Args&... args) {
  if constexpr (sizeof...(Args) == 0) {
    wasm::log(metadata, nullptr, 0);
  } else {
    const wasm::FormatArg values[] = {wasm::format_arg(args)...};
    wasm::log(metadata, values, sizeof...(Args));
  }
}

struct IntegerMetric {
  template <class T>
  constexpr IntegerMetric(const StaticMetricMetadata& /*metadata*/, T /*value*/) noexcept {
    static_assert(std::is_integral_v<T> && sizeof(T) <= 8,
                  "an integer metric takes an integer; use MM_FMETRIC for a floating-point value");
  }
};

struct FloatMetric {
  template <class T>
  constexpr FloatMetric(const StaticMetricMetadata& /*metadata*/, T value) noexcept {
    [[maybe_unused]] const double number = value;
  }
};

struct IntegerMetricDyn {
  template <class T>
  constexpr IntegerMetricDyn(const StaticMetricMetadata& /*metadata*/, std::string_view /*name*/,
                             std::string_view /*unit*/, T /*value*/) noexcept {
    static_assert(
        std::is_integral_v<T> && sizeof(T) <= 8,
        "an integer metric takes an integer; use MM_FMETRIC_DYN for a floating-point value");
  }
};

struct FloatMetricDyn {
  template <class T>
  constexpr FloatMetricDyn(const StaticMetricMetadata& /*metadata*/, std::string_view /*name*/,
                           std::string_view /*unit*/, T value) noexcept {
    [[maybe_unused]] const double number = value;
  }
};

}  // namespace detail

// What MM_SPAN declares. The destructor is there so that nobody is told of an unused variable.
class [[nodiscard]] SpanGuard {
 public:
  constexpr explicit SpanGuard(const SpanMetadata& /*metadata*/) noexcept {}
  ~SpanGuard() {}  // NOLINT(modernize-use-equals-default)
  SpanGuard(const SpanGuard&) = delete;
  SpanGuard& operator=(const SpanGuard&) = delete;
};

// What MM_SPAN_DYN declares.
class [[nodiscard]] NamedSpanGuard {
 public:
  constexpr NamedSpanGuard(const SpanLocation& /*location*/, std::string_view /*name*/) noexcept {}
  ~NamedSpanGuard() {}  // NOLINT(modernize-use-equals-default)
  NamedSpanGuard(const NamedSpanGuard&) = delete;
  NamedSpanGuard& operator=(const NamedSpanGuard&) = delete;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_RECORDER_H_
