// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/arguments.h"

#include "micromegas/pipeline/instrument/property.h"

namespace micromegas::detail {
namespace {

// Which argument a placeholder's id stands for. The text has passed FormatChecker.
class ArgumentNumbers {
 public:
  std::size_t of(std::string_view id) noexcept {
    if (!id.empty() && id[0] >= '0' && id[0] <= '9') {
      std::size_t number = 0;
      for (char c : id) number = number * 10 + static_cast<std::size_t>(c - '0');
      return number;
    }
    for (std::size_t i = 0; !id.empty() && i < next_ && i < kMaxArguments; ++i) {
      if (same_property_name(names_[i], id)) return i;
    }
    if (next_ < kMaxArguments) names_[next_] = id;
    return next_++;
  }

 private:
  std::string_view names_[kMaxArguments];
  std::size_t next_ = 0;
};

}  // namespace

// An argument that is mentioned again has the spec of its first mention.
std::string_view spec_of_argument(std::string_view text, std::size_t index) noexcept {
  ArgumentNumbers numbers;
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
    if (number == index) return text.substr(begin, at - begin);
    ++at;
  }
  return {};
}

}  // namespace micromegas::detail
