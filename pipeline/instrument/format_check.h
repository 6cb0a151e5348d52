// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Compile-time check of a log's format string against the types of its arguments. What is wrong is
// a compile error at the statement, with a sentence: the argument of the format_error() call that
// the compiler quotes. It quotes one line, so each call must fit one.
//
// The grammar is {fmt}'s: {}, {:spec}, {0:spec}; and {name:spec}, where a name stands for the pair
// with this key, else for the next argument at its first mention and for the same one afterwards.
// Arguments in pairs have no number, and need no placeholder.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_FORMAT_CHECK_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_FORMAT_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "micromegas/pipeline/instrument/arg_type.h"

namespace micromegas::detail {

// Not constexpr on purpose: reaching it stops the compiler, which then shows the sentence.
void format_error(const char* sentence);

// What the check knows of an argument.
struct ArgTraits {
  queue::ArgType type;
  bool is_signed;
  // For a user's type: whether its formatter accepts this spec.
  bool (*accepts)(const char* begin, const char* end);
  std::string_view key;  // of a pair
};

inline constexpr std::size_t kMaxArguments = 32;

class FormatChecker {
 public:
  constexpr FormatChecker(const char* text, std::size_t size, const ArgTraits* args,
                          std::size_t count)
      : at_(text), end_(text + size), args_(args), count_(count) {
    if (count > kMaxArguments) format_error("a log takes at most 32 arguments");
  }

  constexpr void check() {
    check_keys();
    while (at_ != end_) {
      const char c = *at_++;
      if (c == '{') {
        if (at_ != end_ && *at_ == '{') {
          ++at_;
        } else {
          placeholder();
        }
      } else if (c == '}') {
        if (at_ == end_ || *at_ != '}') {
          format_error("a closing brace stands alone: write }} for a brace in the text");
        }
        ++at_;
      }
    }
    for (std::size_t i = 0; i < count_; ++i) {
      if (!used_[i] && args_[i].key.empty()) {
        format_error("an argument has no placeholder in the format string");
      }
    }
  }

 private:
  struct Name {
    const char* begin = nullptr;
    const char* end = nullptr;
  };

  static constexpr bool digit(char c) { return c >= '0' && c <= '9'; }
  static constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  static constexpr bool name_char(char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || digit(c) || c == '_' || c == '.' || c == '-';
  }
  static constexpr bool same(Name a, Name b) {
    if (a.end - a.begin != b.end - b.begin) return false;
    for (; a.begin != a.end; ++a.begin, ++b.begin) {
      if (lower(*a.begin) != lower(*b.begin)) return false;
    }
    return true;
  }
  static constexpr bool is(Name a, const char* word) {
    for (; a.begin != a.end && *word != '\0'; ++a.begin, ++word) {
      if (lower(*a.begin) != *word) return false;
    }
    return a.begin == a.end && *word == '\0';
  }

  static constexpr Name name_of(std::string_view text) {
    return {text.data(), text.data() + text.size()};
  }
  static constexpr bool reserved(Name name) { return is(name, "level") || is(name, "target"); }

  constexpr void check_keys() const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (args_[i].key.empty()) continue;
      const Name key = name_of(args_[i].key);
      if (reserved(key)) {
        format_error("'level' and 'target' are reserved: the server reads them as overrides");
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (same(key, name_of(args_[j].key))) {
          format_error("the same key twice (upper and lower case are one)");
        }
      }
    }
  }

  // The place of the argument without a key that has this number; count_ if there is none.
  [[nodiscard]] constexpr std::size_t place(std::size_t number) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (args_[i].key.empty() && number-- == 0) return i;
    }
    return count_;
  }

  constexpr void placeholder() {
    const std::size_t index = argument();
    if (at_ != end_ && *at_ == ':') {
      ++at_;
      const char* spec = at_;
      if (args_[index].accepts != nullptr) {
        skip_user_spec();
        if (!args_[index].accepts(spec, at_)) {
          format_error("the argument's formatter does not know this format spec");
        }
      } else {
        standard_spec(args_[index]);
      }
    }
    if (at_ == end_ || *at_ != '}') {
      format_error("a placeholder is not closed, or its format spec does not fit the argument");
    }
    ++at_;
  }

  // The number of the argument that the id in front of ':' or '}' stands for.
  constexpr std::size_t argument() {
    const Name name{at_, skip_id()};
    std::size_t index = 0;
    if (name.begin == name.end) {
      if (manual_) format_error("numbered and unnumbered placeholders do not mix");
      automatic_ = true;
      index = place(next_++);
    } else if (digit(*name.begin)) {
      if (automatic_) format_error("numbered and unnumbered placeholders do not mix");
      manual_ = true;
      for (const char* p = name.begin; p != name.end; ++p) {
        if (!digit(*p)) format_error("a placeholder's name must not begin with a digit");
        index = index * 10 + static_cast<std::size_t>(*p - '0');
        if (index > kMaxArguments) break;
      }
      index = place(index);
    } else {
      for (std::size_t i = 0; i < count_; ++i) {
        if (!args_[i].key.empty() && same(name_of(args_[i].key), name)) return i;
      }
      if (manual_) format_error("numbered and named placeholders do not mix");
      automatic_ = true;
      if (reserved(name)) {
        format_error("'level' and 'target' are reserved: the server reads them as overrides");
      }
      if (name.end - name.begin > 256) format_error("a name is longer than 256 bytes");
      if (name.end - name.begin >= 11 && is({name.begin, name.begin + 11}, "micromegas.")) {
        format_error("names that begin with 'micromegas.' are the library's own");
      }
      for (std::size_t i = 0; i < count_; ++i) {
        if (names_[i].begin != nullptr && same(names_[i], name)) {
          used_[i] = true;
          return i;
        }
      }
      index = place(next_++);
      if (index < count_) names_[index] = name;
    }
    if (index >= count_) format_error("a placeholder has no argument");
    used_[index] = true;
    return index;
  }

  constexpr const char* skip_id() {
    while (at_ != end_ && *at_ != ':' && *at_ != '}') {
      if (!name_char(*at_)) {
        format_error("a name is made of letters, digits, _ . -; write {{ for a brace in the text");
      }
      ++at_;
    }
    if (at_ == end_) format_error("a placeholder is not closed: write {{ for a brace in the text");
    return at_;
  }

  constexpr void skip_user_spec() {
    for (; at_ != end_ && *at_ != '}'; ++at_) {
      if (*at_ == '{') {
        format_error("a user's type takes no width or precision from an argument");
      }
    }
  }

  // Behind '{' of a width or precision that is an argument.
  constexpr void dynamic_number() {
    const std::size_t index = argument();
    const queue::ArgType type = args_[index].type;
    if (type != queue::ArgType::kInt64 && type != queue::ArgType::kUint64) {
      format_error("a width or precision taken from an argument needs an integer");
    }
    if (at_ == end_ || *at_ != '}') format_error("a nested placeholder is not closed");
    ++at_;
  }

  constexpr void number_or_argument() {
    if (at_ != end_ && *at_ == '{') {
      ++at_;
      dynamic_number();
      return;
    }
    std::size_t n = 0;
    while (at_ != end_ && digit(*at_)) {
      n = n * 10 + static_cast<std::size_t>(*at_++ - '0');
      if (n > 1'000'000) format_error("a width or precision is too large");
    }
  }

  // [[fill]align][sign][#][0][width][.precision][L][type]
  constexpr void standard_spec(const ArgTraits& arg) {
    using queue::ArgType;
    const bool is_int = arg.type == ArgType::kInt64 || arg.type == ArgType::kUint64;
    const bool is_float = arg.type == ArgType::kFloat || arg.type == ArgType::kDouble;
    const auto align = [](char c) { return c == '<' || c == '>' || c == '^'; };
    const auto fill_bytes = [&]() -> int {
      const auto lead = static_cast<unsigned char>(*at_);
      return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    };
    if (at_ != end_ && *at_ != '}' && end_ - at_ > fill_bytes() && align(at_[fill_bytes()])) {
      if (*at_ == '{') format_error("a brace cannot be a fill character");
      at_ += fill_bytes() + 1;
    } else if (at_ != end_ && align(*at_)) {
      ++at_;
    }
    if (at_ != end_ && (*at_ == '+' || *at_ == '-' || *at_ == ' ')) {
      if (!is_float && !(is_int && arg.is_signed)) {
        format_error("a sign needs a signed number");
      }
      ++at_;
    }
    if (at_ != end_ && *at_ == '#') {
      if (!is_float && !is_int && arg.type != ArgType::kBool && arg.type != ArgType::kChar) {
        format_error("'#' needs a number");
      }
      ++at_;
    }
    if (at_ != end_ && *at_ == '0') {
      if (!is_float && !is_int) format_error("zero padding needs a number");
      ++at_;
    }
    if (at_ != end_ && (digit(*at_) || *at_ == '{')) number_or_argument();
    if (at_ != end_ && *at_ == '.') {
      if (!is_float && arg.type != ArgType::kString) {
        format_error("a precision needs a floating-point number or a string");
      }
      ++at_;
      if (at_ == end_ || !(digit(*at_) || *at_ == '{')) {
        format_error("a precision is missing behind the point");
      }
      number_or_argument();
    }
    if (at_ != end_ && *at_ == 'L') {
      if (!is_float && !is_int && arg.type != ArgType::kBool) format_error("'L' needs a number");
      ++at_;
    }
    if (at_ == end_ || *at_ == '}') return;
    if (!type_fits(arg.type, *at_)) {
      format_error("the format spec's type does not fit the argument's type");
    }
    ++at_;
  }

  static constexpr bool one_of(char c, const char* set) {
    for (; *set != '\0'; ++set) {
      if (*set == c) return true;
    }
    return false;
  }
  static constexpr bool type_fits(queue::ArgType type, char c) {
    using queue::ArgType;
    switch (type) {
      case ArgType::kBool:
        return one_of(c, "sbBdoxX");
      case ArgType::kChar:
      case ArgType::kInt64:
      case ArgType::kUint64:
        return one_of(c, "cbBdoxX");
      case ArgType::kFloat:
      case ArgType::kDouble:
        return one_of(c, "aAeEfFgG");
      case ArgType::kPointer:
        return c == 'p';
      default:
        return c == 's';
    }
  }

  const char* at_;
  const char* end_;
  const ArgTraits* args_;
  std::size_t count_;
  std::size_t next_ = 0;
  bool automatic_ = false;
  bool manual_ = false;
  bool used_[kMaxArguments + 1] = {};
  Name names_[kMaxArguments + 1] = {};
};

}  // namespace micromegas::detail

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_FORMAT_CHECK_H_
