// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/log_template.h"

#include <algorithm>

namespace micromegas::wire {
namespace {

std::string_view name_of(std::string_view inside) noexcept {
  if (inside.ends_with(":?")) {
    inside.remove_suffix(2);
  } else if (inside.ends_with(':')) {
    inside.remove_suffix(1);
  }
  return inside;
}

}  // namespace

bool render_log_template(std::string_view format, std::span<const Property> properties,
                         std::size_t& budget, std::string& out) {
  const auto spend = [&budget](std::size_t bytes) {
    if (bytes > budget) return false;
    budget -= bytes;
    return true;
  };
  const auto emit = [&](std::string_view text) {
    if (!spend(text.size())) return false;
    out.append(text);
    return true;
  };
  bool more_closing = true;  // looked for once only, or "{a{a{a" costs its square
  while (!format.empty()) {
    const std::size_t plain = std::min(format.find_first_of("{}"), format.size());
    if (!emit(format.substr(0, plain))) return false;
    format.remove_prefix(plain);
    if (format.empty()) break;
    if (format.starts_with("{{") || format.starts_with("}}")) {
      if (!emit(format.substr(0, 1))) return false;
      format.remove_prefix(2);
      continue;
    }
    const std::size_t close =
        format.front() == '{' && more_closing ? format.find('}') : std::string_view::npos;
    if (close == std::string_view::npos) {
      more_closing = more_closing && format.front() == '}';
      if (!emit(format.substr(0, 1))) return false;
      format.remove_prefix(1);
      continue;
    }
    const std::string_view name = name_of(format.substr(1, close - 1));
    if (!spend(properties.size() * sizeof(Property))) return false;
    const auto property = std::find_if(properties.begin(), properties.end(),
                                       [name](const Property& p) { return p.name == name; });
    const bool found = property != properties.end();
    if (!emit(found ? property->value : format.substr(0, close + 1))) return false;
    format.remove_prefix(close + 1);
  }
  return true;
}

}  // namespace micromegas::wire
