// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Severity of a log and verbosity of a metric or span. The numbers are those of the wire
// (docs/protocol: levels 1 to 6, 0 means off).
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_LEVEL_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_LEVEL_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace micromegas {

enum class Level : std::uint8_t { kFatal = 1, kError, kWarn, kInfo, kDebug, kTrace };

// How much is let through: everything up to and including a level, or nothing.
enum class LevelFilter : std::uint8_t { kOff = 0, kFatal, kError, kWarn, kInfo, kDebug, kTrace };

// Detail of metrics and spans: kMin is always wanted, kMax only when looking closely.
enum class Verbosity : std::uint8_t { kMin = 1, kMed, kMax };

// How much of them is let through: up to and including a verbosity, or nothing.
enum class VerbosityFilter : std::uint8_t { kOff = 0, kMin, kMed, kMax };

constexpr LevelFilter to_filter(Level level) noexcept { return static_cast<LevelFilter>(level); }
constexpr bool allows(LevelFilter filter, Level level) noexcept {
  return static_cast<std::uint8_t>(level) <= static_cast<std::uint8_t>(filter);
}
constexpr bool allows(VerbosityFilter filter, Verbosity verbosity) noexcept {
  return static_cast<std::uint8_t>(verbosity) <= static_cast<std::uint8_t>(filter);
}

// "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE".
constexpr std::string_view to_string(Level level) noexcept {
  constexpr std::string_view kNames[] = {"OFF", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"};
  const auto index = static_cast<std::uint8_t>(level);
  return index <= 6 ? kNames[index] : std::string_view("UNKNOWN");
}

// Any case; "off", "fatal", "error", "warn" or "warning", "info", "debug", "trace".
std::optional<LevelFilter> parse_level_filter(std::string_view text) noexcept;
// Any case; "off", "min" or "low", "med", "max" or "high".
std::optional<VerbosityFilter> parse_verbosity_filter(std::string_view text) noexcept;

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_LEVEL_H_
