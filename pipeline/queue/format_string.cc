// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/format_string.h"

#include <algorithm>
#include <utility>

#include "micromegas/pipeline/instrument/argument_numbers.h"

namespace micromegas::queue {

std::string unescape_braces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    out.push_back(text[i]);
    if ((text[i] == '{' || text[i] == '}') && i + 1 < text.size() && text[i + 1] == text[i]) ++i;
  }
  return out;
}

namespace {

class Numberer {
 public:
  Numberer(std::string_view text, const ArgList& args)
      : text_(text), count_(args.count), numbers_(args.keys, args.count) {}

  NumberedFormat run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if ((c == '{' || c == '}') && at_ + 1 < text_.size() && text_[at_ + 1] == c) {
        result_.format.append(2, c);
        at_ += 2;
      } else if (c == '{') {
        ++at_;
        placeholder();
      } else {
        result_.format.push_back(c);
        ++at_;
      }
    }
    for (std::size_t i = 0; i < std::min(count_, detail::kMaxArguments); ++i) {
      result_.names.emplace_back(numbers_.name(i));
    }
    return std::move(result_);
  }

 private:
  // Behind the opening brace; copies up to and including the closing one.
  void placeholder() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ':' && text_[at_] != '}') ++at_;
    const std::string_view id = text_.substr(begin, at_ - begin);
    result_.has_placeholders = true;
    result_.format.push_back('{');
    append_number(std::min<std::size_t>(numbers_.of(id), 99));
    while (at_ < text_.size() && text_[at_] != '}') {
      if (text_[at_] == '{') {
        ++at_;
        placeholder();
      } else {
        result_.format.push_back(text_[at_++]);
      }
    }
    result_.format.push_back('}');
    ++at_;
  }

  // Below 100. Not std::to_string(): its table is a unique symbol, which would keep every
  // instrumented shared library from being unloaded.
  void append_number(std::size_t n) {
    if (n >= 10) result_.format.push_back(static_cast<char>('0' + n / 10));
    result_.format.push_back(static_cast<char>('0' + n % 10));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t count_;
  detail::ArgumentNumbers numbers_;
  NumberedFormat result_;
};

}  // namespace

NumberedFormat number_placeholders(std::string_view text, const ArgList& args) {
  return Numberer(text, args).run();
}

std::string to_template(std::span<const FormatPiece> pieces, std::span<const std::string> names,
                        const ArgList& args) {
  std::string out;
  bool shows_any = false;
  for (const FormatPiece& piece : pieces) {
    for (char c : piece.literal) out.append(c == '{' || c == '}' ? 2 : 1, c);
    if (piece.argument == FormatPiece::kNone) continue;
    if (piece.argument >= names.size() || names[piece.argument].empty()) return {};
    // A user's formatter has applied the spec to the one text that there is.
    if (!piece.format.empty() && args.types[piece.argument] != ArgType::kFormatted) return {};
    out.push_back('{');
    out.append(names[piece.argument]);
    out.push_back('}');
    shows_any = true;
  }
  return shows_any ? out : std::string();
}

std::vector<FormatPiece> take_apart(std::string_view numbered) {
  std::vector<FormatPiece> pieces(1);
  for (std::size_t at = 0; at < numbered.size(); ++at) {
    const char c = numbered[at];
    if (c != '{' || (at + 1 < numbered.size() && numbered[at + 1] == '{')) {
      pieces.back().literal.push_back(c);
      if (c == '{' || c == '}') ++at;
      continue;
    }
    const std::size_t end = numbered.find('}', at);
    std::string_view inside = numbered.substr(at + 1, end - at - 1);
    if (end == std::string_view::npos || inside.find('{') != std::string_view::npos) return {};
    const std::size_t colon = inside.find(':');
    std::size_t argument = 0;
    for (char digit : inside.substr(0, colon)) {
      argument = argument * 10 + static_cast<std::size_t>(digit - '0');
    }
    pieces.back().argument = argument;
    if (colon != std::string_view::npos && colon + 1 < inside.size()) {
      pieces.back().format = "{" + std::string(inside.substr(colon)) + "}";
    }
    pieces.emplace_back();
    at = end;
  }
  return pieces;
}

}  // namespace micromegas::queue
