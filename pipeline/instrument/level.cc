// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/level.h"

#include <array>
#include <cstddef>

namespace micromegas {
namespace {

constexpr bool equal_without_case(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<LevelFilter> parse_level_filter(std::string_view text) noexcept {
  struct Name {
    std::string_view text;
    LevelFilter filter;
  };
  constexpr std::array<Name, 8> kNames{{{"off", LevelFilter::kOff},
                                        {"fatal", LevelFilter::kFatal},
                                        {"error", LevelFilter::kError},
                                        {"warn", LevelFilter::kWarn},
                                        {"warning", LevelFilter::kWarn},
                                        {"info", LevelFilter::kInfo},
                                        {"debug", LevelFilter::kDebug},
                                        {"trace", LevelFilter::kTrace}}};
  for (const Name& name : kNames) {
    if (equal_without_case(text, name.text)) return name.filter;
  }
  return std::nullopt;
}

}  // namespace micromegas
