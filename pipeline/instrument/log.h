// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Log macros; the list with examples is in docs/reference.md.
//
//   MM_INFO("cache warmed in {:.1f} ms, {} entries", ms, entries);
//   MM_WARN_T("net.dns", "slow answer from {}", server);
//   if (MM_LOG_ENABLED(kDebug)) dump();
//
// Structured: a named placeholder's argument is a property of the log too, "key"_k = value adds one
// that the text need not show, and a PropertySet adds its own (a pair wins over those).
//
//   MM_INFO("{user} fetched {rows} rows", user, rows, "region"_k = region, request_properties);
//
// Arguments are evaluated left to right, once, and only if the log is enabled. A record holds
// 60 KiB: longer strings are cut, each to an equal share, and the text says so where it shows them.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_LOG_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_LOG_H_

#include <type_traits>
#include <utility>

#include "micromegas/pipeline/instrument/arguments.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/pipeline/instrument/source_path.h"

// Logs above this level are not compiled: 0 (none) to 6 (all).
#ifndef MICROMEGAS_STATIC_MAX_LEVEL
#define MICROMEGAS_STATIC_MAX_LEVEL 6
#endif

// The target of what has no explicit one: define it per Bazel target, or have the file's path.
#ifndef MM_DEFAULT_TARGET
#define MM_DEFAULT_TARGET MICROMEGAS_SOURCE_FILE_
#endif

namespace micromegas::detail {

// The maximum is an argument, because it may differ between the files of a program.
constexpr bool compiled_in(Level level, int max_level) noexcept {
  return static_cast<int>(level) <= max_level;
}

// One log. An object that is initialised in braces, and not a function that is called: only the
// former evaluates its arguments from left to right.
struct Log {
  template <class... Args>
  MICROMEGAS_INLINE Log(const LogMetadata& metadata,
                        FormatString<std::type_identity_t<Args>...> /*checked*/,
                        const Args&... args) {
    convert_and_write(metadata, std::index_sequence_for<Args...>(), args...);
  }
};

}  // namespace micromegas::detail

#define MICROMEGAS_LOG_SITE_(variable, level_, target_, text_)                                 \
  static constinit ::micromegas::LogMetadata variable {                                        \
    .level = (level_), .text = (text_), .target = (target_), .function = __builtin_FUNCTION(), \
    .file = MICROMEGAS_SOURCE_FILE_, .line = __LINE__                                          \
  }

// `condition` is evaluated after the filters, before the arguments.
#define MICROMEGAS_LOG_IF_(condition, level, target, text, ...)                            \
  do {                                                                                     \
    if constexpr (::micromegas::detail::compiled_in(level, MICROMEGAS_STATIC_MAX_LEVEL)) { \
      MICROMEGAS_LOG_SITE_(micromegas_site, level, target, text);                          \
      if (::micromegas::queue::enabled(micromegas_site) && (condition)) {                  \
        ::micromegas::detail::Log{micromegas_site, text __VA_OPT__(, ) __VA_ARGS__};       \
        ::micromegas::detail::after_log<(level)>();                                        \
      }                                                                                    \
    }                                                                                      \
  } while (false)

#define MICROMEGAS_LOG_IMPL_(level, target, ...) \
  MICROMEGAS_LOG_IF_(true, level, target, __VA_ARGS__)

// The level is a constant: kFatal, kError, kWarn, kInfo, kDebug or kTrace.
#define MICROMEGAS_LOG(level, ...) \
  MICROMEGAS_LOG_IMPL_(::micromegas::Level::level, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_LOG_T(level, target, ...) \
  MICROMEGAS_LOG_IMPL_(::micromegas::Level::level, target, __VA_ARGS__)

#define MICROMEGAS_FATAL(...) MICROMEGAS_LOG(kFatal, __VA_ARGS__)
#define MICROMEGAS_ERROR(...) MICROMEGAS_LOG(kError, __VA_ARGS__)
#define MICROMEGAS_WARN(...) MICROMEGAS_LOG(kWarn, __VA_ARGS__)
#define MICROMEGAS_INFO(...) MICROMEGAS_LOG(kInfo, __VA_ARGS__)
#define MICROMEGAS_DEBUG(...) MICROMEGAS_LOG(kDebug, __VA_ARGS__)
#define MICROMEGAS_TRACE(...) MICROMEGAS_LOG(kTrace, __VA_ARGS__)

#define MICROMEGAS_FATAL_T(target, ...) MICROMEGAS_LOG_T(kFatal, target, __VA_ARGS__)
#define MICROMEGAS_ERROR_T(target, ...) MICROMEGAS_LOG_T(kError, target, __VA_ARGS__)
#define MICROMEGAS_WARN_T(target, ...) MICROMEGAS_LOG_T(kWarn, target, __VA_ARGS__)
#define MICROMEGAS_INFO_T(target, ...) MICROMEGAS_LOG_T(kInfo, target, __VA_ARGS__)
#define MICROMEGAS_DEBUG_T(target, ...) MICROMEGAS_LOG_T(kDebug, target, __VA_ARGS__)
#define MICROMEGAS_TRACE_T(target, ...) MICROMEGAS_LOG_T(kTrace, target, __VA_ARGS__)

// An expression: whether a log of this level would be recorded here. The lambda holds nothing of
// the caller's.
#define MICROMEGAS_LOG_ENABLED_T(level, target)                                                  \
  (::micromegas::detail::compiled_in(::micromegas::Level::level, MICROMEGAS_STATIC_MAX_LEVEL) && \
   ::micromegas::queue::enabled([]() -> const ::micromegas::LogMetadata& {                       \
     MICROMEGAS_LOG_SITE_(micromegas_site, ::micromegas::Level::level, target, "");              \
     return micromegas_site;                                                                     \
   }()))
#define MICROMEGAS_LOG_ENABLED(level) MICROMEGAS_LOG_ENABLED_T(level, MM_DEFAULT_TARGET)

// Logs the enclosing function's name at trace level.
#define MICROMEGAS_LOG_FN()                                                                 \
  do {                                                                                      \
    if constexpr (::micromegas::detail::compiled_in(::micromegas::Level::kTrace,            \
                                                    MICROMEGAS_STATIC_MAX_LEVEL)) {         \
      MICROMEGAS_LOG_SITE_(micromegas_site, ::micromegas::Level::kTrace, MM_DEFAULT_TARGET, \
                           __builtin_FUNCTION());                                           \
      if (::micromegas::queue::enabled(micromegas_site)) {                                  \
        ::micromegas::detail::write_literal(micromegas_site);                               \
      }                                                                                     \
    }                                                                                       \
  } while (false)

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_LOG_H_
