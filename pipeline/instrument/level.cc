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

template <class Filter>
struct Name {
  std::string_view text;
  Filter filter;
};

template <class Filter, std::size_t kCount>
std::optional<Filter> find(const std::array<Name<Filter>, kCount>& names,
                           std::string_view text) noexcept {
  for (const Name<Filter>& name : names) {
    if (equal_without_case(text, name.text)) return name.filter;
  }
  return std::nullopt;
}

}  // namespace

std::optional<LevelFilter> parse_level_filter(std::string_view text) noexcept {
  constexpr std::array<Name<LevelFilter>, 8> kNames{{{"off", LevelFilter::kOff},
                                                     {"fatal", LevelFilter::kFatal},
                                                     {"error", LevelFilter::kError},
                                                     {"warn", LevelFilter::kWarn},
                                                     {"warning", LevelFilter::kWarn},
                                                     {"info", LevelFilter::kInfo},
                                                     {"debug", LevelFilter::kDebug},
                                                     {"trace", LevelFilter::kTrace}}};
  return find(kNames, text);
}

std::optional<VerbosityFilter> parse_verbosity_filter(std::string_view text) noexcept {
  constexpr std::array<Name<VerbosityFilter>, 6> kNames{{{"off", VerbosityFilter::kOff},
                                                         {"min", VerbosityFilter::kMin},
                                                         {"low", VerbosityFilter::kMin},
                                                         {"med", VerbosityFilter::kMed},
                                                         {"max", VerbosityFilter::kMax},
                                                         {"high", VerbosityFilter::kMax}}};
  return find(kNames, text);
}

}  // namespace micromegas
