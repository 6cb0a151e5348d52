// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/format.h"

namespace micromegas::wasm {
namespace {

constexpr std::uint64_t kMaxWidth = 1'000'000;  // as in the check at compile time

class Formatter {
 public:
  Formatter(TextBuffer& out, std::string_view text, const FormatArg* args, std::size_t count,
            Mentions& mentions)
      : out_(out), text_(text), args_(args), count_(count), mentions_(mentions) {}

  void run() {
    while (at_ < text_.size() && error_.empty()) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != '{' && text_[at_] != '}') ++at_;
      out_.append(text_.substr(begin, at_ - begin));
      if (at_ == text_.size()) break;
      const char brace = text_[at_++];
      if (at_ < text_.size() && text_[at_] == brace) {
        out_.append({&brace, 1});
        ++at_;
      } else if (brace == '{') {
        placeholder();
      }
    }
    if (error_.empty()) return;
    for (Mentions::Place& place : mentions_.first) place = {};
    out_.clear();
    out_.append(text_);
    out_.append(" [not formatted: ");
    out_.append(error_);
    out_.append("]");
  }

 private:
  // Behind the opening brace; ends behind the closing one.
  void placeholder() {
    const FormatArg* const arg = argument();
    std::string_view spec;
    if (at_ < text_.size() && text_[at_] == ':') {
      ++at_;
      spec = resolved_spec();
    }
    ++at_;
    if (arg == nullptr || !error_.empty()) return;
    Mentions::Place& place = mentions_.first[arg - args_];
    // A user's formatter is asked once: its text may differ the next time.
    if (place.found && arg->type == queue::ArgType::kFormatted) {
      out_.append_own(place.begin, place.size);
      return;
    }
    const std::size_t begin = out_.view().size();
    arg->format(out_, spec, *arg);
    if (!place.found) place = {begin, out_.view().size() - begin, true};
  }

  const FormatArg* argument() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ':' && text_[at_] != '}') ++at_;
    const std::size_t number = mentions_.numbers.of(text_.substr(begin, at_ - begin));
    return number < count_ ? &args_[number] : nullptr;
  }

  // Up to the closing brace, with the digits of the arguments that give a width or a precision.
  std::string_view resolved_spec() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '}' && text_[at_] != '{') ++at_;
    if (at_ == text_.size() || text_[at_] == '}') return text_.substr(begin, at_ - begin);
    spec_.clear();
    spec_.append(text_.substr(begin, at_ - begin));
    while (at_ < text_.size() && text_[at_] != '}') {
      if (text_[at_] != '{') {
        spec_.append(text_.substr(at_++, 1));
        continue;
      }
      const bool is_precision = spec_.view().ends_with('.');
      ++at_;
      if (const FormatArg* arg = argument()) append_number(*arg, is_precision);
      ++at_;
    }
    return spec_.view();
  }

  void append_number(const FormatArg& arg, bool is_precision) {
    if (arg.type == queue::ArgType::kInt64 && static_cast<std::int64_t>(arg.bits) < 0) {
      error_ = is_precision ? "negative precision" : "negative width";
    } else if (arg.bits > kMaxWidth) {
      error_ = "number is too big";
    } else if (is_precision || arg.bits != 0) {  // a width of 0 would read as a flag
      format_uint64(spec_, {}, arg);
    }
  }

  TextBuffer& out_;
  std::string_view text_;
  const FormatArg* args_;
  std::size_t count_;
  std::size_t at_ = 0;
  Mentions& mentions_;
  TextBuffer spec_;
  std::string_view error_;
};

}  // namespace

void append(TextBuffer& out, std::string_view text) noexcept { out.append(text); }

void format(TextBuffer& out, std::string_view text, const FormatArg* args, std::size_t count,
            Mentions& mentions) {
  Formatter(out, text, args, count, mentions).run();
}

}  // namespace micromegas::wasm
