// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/log_filter.h"

#include <algorithm>
#include <cstddef>

namespace micromegas {
namespace {

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  const std::size_t begin = std::min(text.find_first_not_of(kBlank), text.size());
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

bool continues_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

char printable(char c) noexcept {
  return static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 40;
  std::string quoted = "'";
  for (const char c : text.substr(0, kShown)) quoted += printable(c);
  return quoted + (text.size() > kShown ? "...'" : "'");
}

// Where `at` stands in `text`, on a line that fits a terminal, and a caret below it.
std::string with_place(std::string_view text, std::size_t at) {
  constexpr std::size_t kBefore = 40;
  constexpr std::size_t kShown = 72;
  std::size_t begin = at > kBefore ? at - kBefore : 0;
  while (begin > 0 && continues_character(text[begin])) --begin;
  std::string line = begin > 0 ? "  ..." : "  ";
  std::string caret(line.size(), ' ');
  for (std::size_t i = begin; i < text.size() && i < begin + kShown; ++i) {
    line += printable(text[i]);
    if (i < at && !continues_character(text[i])) caret += ' ';
  }
  if (begin + kShown < text.size()) line += "...";
  return "\n" + line + "\n" + caret + "^";
}

}  // namespace

bool LogFilter::allows(Level level, std::string_view target) const noexcept {
  LevelFilter best = max_level;
  std::size_t length = 0;
  for (const auto& [prefix, of_prefix] : targets) {
    if (prefix.size() < length || !target.starts_with(prefix)) continue;
    best = of_prefix;
    length = prefix.size();
  }
  return micromegas::allows(best, level);
}

bool LogFilter::allows_everything() const noexcept {
  return max_level == LevelFilter::kTrace &&
         std::all_of(targets.begin(), targets.end(),
                     [](const auto& target) { return target.second == LevelFilter::kTrace; });
}

LevelFilter LogFilter::most() const noexcept {
  LevelFilter result = max_level;
  for (const auto& [prefix, level] : targets) result = std::max(result, level);
  return result;
}

Result<LogFilter> parse_log_filter(std::string_view text, std::string_view where,
                                   LevelFilter otherwise) {
  const auto error = [&](std::string_view place, const std::string& what) {
    const auto at = static_cast<std::size_t>(place.data() - text.data());
    const auto column = 1 + std::count_if(text.begin(), text.begin() + at,
                                          [](char c) { return !continues_character(c); });
    return Error(std::string(where) + ", column " + std::to_string(column) + ": " + what +
                 with_place(text, at));
  };
  LogFilter filter(otherwise);
  bool has_level = false;
  std::size_t next = 0;
  for (std::size_t begin = 0; begin < text.size(); begin = next) {
    const std::size_t comma = text.find(',', begin);
    next = comma == std::string_view::npos ? text.size() : comma + 1;
    const std::string_view entry = trim(text.substr(begin, comma - begin));
    if (entry.empty()) continue;
    const std::size_t equals = entry.rfind('=');
    const bool has_target = equals != std::string_view::npos;
    const std::string_view target = trim(entry.substr(0, has_target ? equals : 0));
    const std::string_view word = trim(has_target ? entry.substr(equals + 1) : entry);
    const auto level = parse_level_filter(word);
    if (has_target && target.empty()) {
      return error(entry, "there is no target before '=': write target=level");
    }
    if (!level) {
      return error(word, in_quotes(word) +
                             " is no level: use off, fatal, error, warn, info, debug "
                             "or trace" +
                             (has_target ? "" : ", or target=level"));
    }
    if (has_target) {
      if (!filter.targets.emplace(target, *level).second) {
        return error(entry, "a second level for the target " + in_quotes(target) + ": remove one");
      }
    } else if (has_level) {
      return error(entry, in_quotes(entry) +
                              " is a second level without a target: remove one, or write "
                              "target=level");
    } else {
      filter.max_level = *level;
      has_level = true;
    }
  }
  return filter;
}

}  // namespace micromegas
