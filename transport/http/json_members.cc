// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/json_members.h"

#include <charconv>
#include <cstddef>

namespace micromegas::http {
namespace {

constexpr int kMaxDepth = 32;

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool take(char c) {
    blanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool end() {
    blanks();
    return at_ == text_.size();
  }
  // With its quotes.
  bool string(std::string_view& out) {
    blanks();
    const std::size_t begin = at_;
    if (!take('"')) return false;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ >= text_.size()) return false;
    ++at_;
    out = text_.substr(begin, at_ - begin);
    return true;
  }
  bool value(std::string_view& out, int depth) {
    blanks();
    const std::size_t begin = at_;
    if (depth == kMaxDepth || begin == text_.size()) return false;
    std::string_view ignored;
    bool ok = true;
    if (text_[begin] == '"') {
      ok = string(ignored);
    } else if (text_[begin] == '{' || text_[begin] == '[') {
      ok = container(text_[begin] == '{', depth);
    } else {
      while (at_ < text_.size() && text_.substr(at_, 1).find_first_of(",]} \t\r\n") != 0) ++at_;
      ok = at_ != begin;
    }
    out = text_.substr(begin, at_ - begin);
    return ok;
  }

 private:
  void blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) {
      ++at_;
    }
  }
  bool container(bool object, int depth) {
    const char close = object ? '}' : ']';
    ++at_;
    if (take(close)) return true;
    std::string_view ignored;
    do {
      if (object && (!string(ignored) || !take(':'))) return false;
      if (!value(ignored, depth + 1)) return false;
    } while (take(','));
    return take(close);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool for_each_json_member(std::string_view json,
                          const std::function<void(std::string_view, std::string_view)>& visit) {
  Scanner scanner(json);
  if (!scanner.take('{')) return false;
  if (scanner.take('}')) return scanner.end();
  do {
    std::string_view key;
    std::string_view value;
    if (!scanner.string(key) || !scanner.take(':') || !scanner.value(value, 0)) return false;
    visit(key.substr(1, key.size() - 2), value);
  } while (scanner.take(','));
  return scanner.take('}') && scanner.end();
}

std::optional<Secret> json_string(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
  value = value.substr(1, value.size() - 2);
  Secret text;
  while (!value.empty()) {
    const std::size_t plain = value.find('\\');
    text.append(value.substr(0, plain));
    if (plain == std::string_view::npos) break;
    value.remove_prefix(plain + 1);
    if (value.empty()) return std::nullopt;
    std::size_t used = 1;
    char c = value.front();
    if (c == 'u') {
      unsigned code = 0;
      const std::string_view digits = value.substr(1, 4);
      const auto [stop, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
      if (digits.size() != 4 || error != std::errc() || stop != digits.data() + 4 || code > 0x7f) {
        return std::nullopt;
      }
      c = static_cast<char>(code);
      used = 5;
    } else if (c != '"' && c != '\\' && c != '/') {
      return std::nullopt;  // \n and the like are in no token
    }
    text.append({&c, 1});
    value.remove_prefix(used);
  }
  return text;
}

}  // namespace micromegas::http
