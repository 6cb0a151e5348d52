// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/log_text.h"

#include <fmt/args.h>
#include <fmt/format.h>

#include <exception>
#include <iterator>

template <>
struct fmt::formatter<micromegas::pipeline::FinishedText> {
  constexpr auto parse(format_parse_context& context) {
    auto at = context.begin();
    for (int open = 0; at != context.end() && (*at != '}' || open > 0); ++at) {
      open += *at == '{' ? 1 : *at == '}' ? -1 : 0;  // a width or precision of an argument's
    }
    return at;
  }
  template <class Context>
  auto format(const micromegas::pipeline::FinishedText& value, Context& context) const {
    auto out = context.out();
    for (char c : value.text) *out++ = c;
    return out;
  }
};

namespace micromegas::pipeline {
namespace {

void append(fmt::memory_buffer& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

void append_mark(fmt::memory_buffer& out, std::uint64_t kept, std::uint64_t original) {
  fmt::format_to(std::back_inserter(out), " [cut: {} of {} bytes]", kept, original);
}

}  // namespace

struct LogFormatter::Buffers {
  fmt::memory_buffer text;
  fmt::dynamic_format_arg_store<fmt::format_context> args;
};

LogFormatter::LogFormatter() : buffers_(std::make_unique<Buffers>()) {}
LogFormatter::~LogFormatter() = default;

std::string_view LogFormatter::format(const queue::Descriptor& descriptor, RecordValues& values) {
  if (!descriptor.shows_arguments) return descriptor.log.text;
  fmt::memory_buffer& out = buffers_->text;
  out.clear();
  try {
    if (!descriptor.pieces.empty()) {
      for (const queue::FormatPiece& piece : descriptor.pieces) {
        append(out, piece.literal);
        if (piece.argument >= values.size()) continue;  // only the last piece has none
        if (piece.format.empty()) {
          append(out, values.text(piece.argument));
        } else {
          values[piece.argument].visit([&](const auto& v) {
            fmt::vformat_to(std::back_inserter(out), piece.format, fmt::make_format_args(v));
          });
        }
      }
    } else {
      buffers_->args.clear();
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i].visit([&](const auto& v) { buffers_->args.push_back(v); });
      }
      fmt::vformat_to(std::back_inserter(out), descriptor.format, buffers_->args);
    }
  } catch (const std::exception& error) {
    try {
      out.clear();
      fmt::format_to(std::back_inserter(out), "{} [not formatted: {}]", descriptor.log.text,
                     error.what());
    } catch (...) {
      return descriptor.log.text;
    }
  }
  if (values.original_bytes() != 0) {
    append_mark(out, values.kept_bytes(), values.original_bytes());
  }
  return {out.data(), out.size()};
}

std::string_view LogFormatter::mark(const queue::StringValue& value) {
  if (value.original_bytes <= value.text.size()) return value.text;
  fmt::memory_buffer& out = buffers_->text;
  out.clear();
  append(out, value.text);
  append_mark(out, value.text.size(), value.original_bytes);
  return {out.data(), out.size()};
}

}  // namespace micromegas::pipeline
