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
// Formats metadata.text and gives it to the sink, with what has a name as properties. `set` may be
// null.
void log(const LogMetadata& metadata, const queue::ArgList& list, const FormatArg* args,
         const PropertySet* set) noexcept;

// ContextScope and set_thread_context(). The scope's depth, from 1; 0 if telemetry is not running.
std::uint32_t begin_context(const queue::ArgList& list, const FormatArg* args,
                            const PropertySet* set);
void end_context(std::uint32_t depth) noexcept;
void set_thread_context(const queue::ArgList& list, const FormatArg* args, const PropertySet* set);

}  // namespace wasm

namespace queue {

MICROMEGAS_INLINE bool enabled(const LogMetadata& metadata) noexcept {
  return static_cast<std::uint8_t>(metadata.level) <=
             wasm::g_max_level.load(std::memory_order_relaxed) &&
         wasm::wanted(metadata);
}
constexpr bool enabled(const StaticMetricMetadata& /*metadata*/) noexcept { return false; }
constexpr bool enabled(const SpanLocation& /*location*/) noexcept { return false; }

}  // namespace queue

namespace detail {

inline void write_literal(const LogMetadata& metadata) noexcept {
  wasm::log(metadata, kArgList<>, nullptr, nullptr);
}

// Nothing waits in a queue.
template <Level>
constexpr void after_log() noexcept {}

inline const PropertySet* set_of() noexcept { return nullptr; }
template <class T, class... Rest>
const PropertySet* set_of(const T& first, const Rest&... rest) noexcept {
  if constexpr (ArgOf<T>::kIsSet) {
    return &first;
  } else {
    return set_of(rest...);
  }
}

template <class T>
void add_arg(wasm::FormatArg*& at, const T& arg) noexcept {
  *at++ = wasm::format_arg(arg);
}
template <KeyName Name, class T>
void add_arg(wasm::FormatArg*& at, const KeyValue<Name, T>& pair) noexcept {
  *at++ = wasm::format_arg(pair.value);
}
inline void add_arg(wasm::FormatArg*& /*at*/, const PropertySet& /*set*/) noexcept {}

// Calls `use` with the arguments, type erased: ArgList, FormatArg*, PropertySet*.
template <class Use, class... Args>
auto with_args(const Use& use, const Args&... args) {
  wasm::FormatArg values[kValueCount<Args...> + 1];
  [[maybe_unused]] wasm::FormatArg* at = values;
  (add_arg(at, args), ...);
  return use(kArgList<Args...>, values, set_of(args...));
}

template <std::size_t... I, class... Args>
inline void convert_and_write(const LogMetadata& metadata, std::index_sequence<I...> /*unused*/,
                              const Args&... args) {
  if constexpr (sizeof...(Args) == 0) {
    write_literal(metadata);
  } else {
    with_args([&](const auto&... erased) { wasm::log(metadata, erased...); }, args...);
  }
}

struct IntegerMetric {
  template <class T, class... Properties>
  constexpr IntegerMetric(const StaticMetricMetadata& /*metadata*/, T /*value*/,
                          const Properties&... /*properties*/) noexcept {
    static_assert(std::is_integral_v<T> && sizeof(T) <= 8,
                  "an integer metric takes an integer; use MM_FMETRIC for a floating-point value");
    static_assert(check_properties<Properties...>(kReservedForMetrics));
  }
};

struct FloatMetric {
  template <class T, class... Properties>
  constexpr FloatMetric(const StaticMetricMetadata& /*metadata*/, T value,
                        const Properties&... /*properties*/) noexcept {
    [[maybe_unused]] const double number = value;
    static_assert(check_properties<Properties...>(kReservedForMetrics));
  }
};

struct IntegerMetricDyn {
  template <class T, class... Properties>
  constexpr IntegerMetricDyn(const StaticMetricMetadata& /*metadata*/, std::string_view /*name*/,
                             std::string_view /*unit*/, T /*value*/,
                             const Properties&... /*properties*/) noexcept {
    static_assert(
        std::is_integral_v<T> && sizeof(T) <= 8,
        "an integer metric takes an integer; use MM_FMETRIC_DYN for a floating-point value");
    static_assert(check_properties<Properties...>(kReservedForMetrics));
  }
};

struct FloatMetricDyn {
  template <class T, class... Properties>
  constexpr FloatMetricDyn(const StaticMetricMetadata& /*metadata*/, std::string_view /*name*/,
                           std::string_view /*unit*/, T value,
                           const Properties&... /*properties*/) noexcept {
    [[maybe_unused]] const double number = value;
    static_assert(check_properties<Properties...>(kReservedForMetrics));
  }
};

template <class... Args>
std::uint32_t begin_context(const Args&... args) {
  static_assert(check_properties<Args...>(kReservedForContexts));
  return with_args([](const auto&... erased) { return wasm::begin_context(erased...); }, args...);
}
inline void end_context(std::uint32_t depth) noexcept { wasm::end_context(depth); }
template <class... Args>
void set_thread_context(const Args&... args) {
  static_assert(check_properties<Args...>(kReservedForContexts));
  with_args([](const auto&... erased) { wasm::set_thread_context(erased...); }, args...);
}

// What the two guards share. The destructor is there so that nobody is told of an unused variable.
class [[nodiscard]] BasicSpanGuard {
 public:
  BasicSpanGuard(const BasicSpanGuard&) = delete;
  BasicSpanGuard& operator=(const BasicSpanGuard&) = delete;
  template <class... Args>
  void set(const Args&... /*properties*/) {
    static_assert(check_properties<Args...>());
  }

 protected:
  constexpr BasicSpanGuard() noexcept = default;
  ~BasicSpanGuard() {}  // NOLINT(modernize-use-equals-default)
};

// What the macros initialise in braces, for the order of evaluation.
struct Open {
  template <class Guard, class... Args>
  constexpr Open(Guard& guard, const Args&... args) noexcept {
    guard.open(args...);
  }
};

}  // namespace detail

// What MM_SPAN declares.
class [[nodiscard]] SpanGuard : public detail::BasicSpanGuard {
 public:
  constexpr SpanGuard() noexcept = default;
  template <class... Args>
  constexpr explicit SpanGuard(const SpanMetadata& metadata, const Args&... properties) noexcept {
    open(metadata, properties...);
  }
  template <class... Args>
  constexpr void open(const SpanMetadata& /*metadata*/, const Args&... /*properties*/) noexcept {
    static_assert(detail::check_properties<Args...>());
  }
};

// What MM_SPAN_DYN declares.
class [[nodiscard]] NamedSpanGuard : public detail::BasicSpanGuard {
 public:
  constexpr NamedSpanGuard() noexcept = default;
  template <class... Args>
  constexpr NamedSpanGuard(const SpanLocation& location, std::string_view name,
                           const Args&... properties) noexcept {
    open(location, name, properties...);
  }
  template <class... Args>
  constexpr void open(const SpanLocation& /*location*/, std::string_view /*name*/,
                      const Args&... /*properties*/) noexcept {
    static_assert(detail::check_properties<Args...>());
  }
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_RECORDER_H_
