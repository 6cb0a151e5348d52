// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/values.h"

#include "micromegas/pipeline/instrument/argument_numbers.h"

namespace micromegas::detail {

// An argument that is mentioned again has the spec of its first mention.
std::string_view spec_of_argument(std::string_view text, const queue::ArgList& args,
                                  std::size_t place) noexcept {
  ArgumentNumbers numbers(args.keys, args.count);
  std::size_t at = 0;
  const auto read_id = [&] {
    const std::size_t begin = at;
    while (at < text.size() && text[at] != ':' && text[at] != '}') ++at;
    return text.substr(begin, at - begin);
  };
  while (at < text.size()) {
    const char c = text[at++];
    if (c != '{' && c != '}') continue;
    if (at < text.size() && text[at] == c) {
      ++at;
      continue;
    }
    const std::size_t number = numbers.of(read_id());
    if (at < text.size() && text[at] == ':') ++at;
    const std::size_t begin = at;
    while (at < text.size() && text[at] != '}') {
      if (text[at++] != '{') continue;
      numbers.of(read_id());  // a width or precision takes an argument
      ++at;
    }
    if (number == place) return text.substr(begin, at - begin);
    ++at;
  }
  return {};
}

}  // namespace micromegas::detail
