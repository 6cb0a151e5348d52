// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/arguments.h"

namespace micromegas::detail {

std::string_view spec_of_argument(std::string_view text, std::size_t index) noexcept {
  // The text has passed FormatChecker; a repeated name or number has the spec of its first mention.
  std::string_view names[kMaxArguments];
  std::size_t next = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '{' && text[at] != '}') continue;
    if (at + 1 < text.size() && text[at + 1] == text[at]) {
      ++at;
      continue;
    }
    const std::size_t begin = ++at;
    while (at < text.size() && text[at] != ':' && text[at] != '}') ++at;
    const std::string_view id = text.substr(begin, at - begin);
    std::size_t number = next;
    if (!id.empty() && id[0] >= '0' && id[0] <= '9') {
      number = 0;
      for (char c : id) number = number * 10 + static_cast<std::size_t>(c - '0');
    } else {
      bool known = false;
      for (std::size_t i = 0; !id.empty() && i < next && i < kMaxArguments; ++i) {
        if (names[i] == id) {
          number = i;
          known = true;
          break;
        }
      }
      if (!known) {
        if (next < kMaxArguments) names[next] = id;
        ++next;
      }
    }
    std::size_t spec_end = at;
    if (at < text.size() && text[at] == ':') {
      spec_end = ++at;
      std::size_t depth = 0;
      for (; at < text.size(); ++at) {
        if (text[at] == '{') {
          ++depth;
          ++next;  // a width or precision takes an argument
        }
        if (text[at] == '}' && depth-- == 0) break;
      }
      if (number == index) return text.substr(spec_end, at - spec_end);
    } else if (number == index) {
      return {};
    }
  }
  return {};
}

}  // namespace micromegas::detail
