// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/log_text.h"

#include <fmt/args.h>
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <exception>
#include <iterator>

#include "micromegas/pipeline/instrument/format_check.h"

namespace micromegas::pipeline {

// What a user's formatter made at the call site: the spec has been applied there.
struct Formatted {
  std::string_view text;
};

}  // namespace micromegas::pipeline

template <>
struct fmt::formatter<micromegas::pipeline::Formatted> {
  constexpr auto parse(format_parse_context& context) {
    auto at = context.begin();
    while (at != context.end() && *at != '}') ++at;
    return at;
  }
  template <class Context>
  auto format(const micromegas::pipeline::Formatted& value, Context& context) const {
    auto out = context.out();
    for (char c : value.text) *out++ = c;
    return out;
  }
};

namespace micromegas::pipeline {
namespace {

using queue::ArgType;

// An argument as it stood in the record.
struct Value {
  ArgType type;
  std::uint64_t bits;
  std::string_view text;

  // Calls f with the value in its own type.
  template <class F>
  void visit(F f) const {
    switch (type) {
      case ArgType::kBool:
        return f(bits != 0);
      case ArgType::kChar:
        return f(static_cast<char>(bits));
      case ArgType::kInt64:
        return f(static_cast<long long>(bits));
      case ArgType::kUint64:
        return f(static_cast<unsigned long long>(bits));
      case ArgType::kFloat: {
        const auto low = static_cast<std::uint32_t>(bits);
        float number;
        std::memcpy(&number, &low, 4);
        return f(number);
      }
      case ArgType::kDouble: {
        double number;
        std::memcpy(&number, &bits, 8);
        return f(number);
      }
      case ArgType::kPointer:
        return f(reinterpret_cast<const void*>(bits));
      case ArgType::kString:
        return f(text);
      case ArgType::kFormatted:
        return f(Formatted{text});
    }
  }
};

void append(fmt::memory_buffer& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

void append_mark(fmt::memory_buffer& out, std::uint64_t kept, std::uint64_t original) {
  fmt::format_to(std::back_inserter(out), " [cut: {} of {} bytes]", kept, original);
}

// "{}" of the types that are most of all arguments, without {fmt}'s parsing.
void append_default(fmt::memory_buffer& out, const Value& value) {
  switch (value.type) {
    case ArgType::kInt64: {
      const fmt::format_int digits(static_cast<long long>(value.bits));
      return append(out, {digits.data(), digits.size()});
    }
    case ArgType::kUint64: {
      const fmt::format_int digits(static_cast<unsigned long long>(value.bits));
      return append(out, {digits.data(), digits.size()});
    }
    case ArgType::kChar:
      return out.push_back(static_cast<char>(value.bits));
    case ArgType::kString:
    case ArgType::kFormatted:
      return append(out, value.text);
    default:
      return value.visit([&](const auto& v) { fmt::format_to(std::back_inserter(out), "{}", v); });
  }
}

}  // namespace

struct LogFormatter::Buffers {
  fmt::memory_buffer text;
  fmt::dynamic_format_arg_store<fmt::format_context> args;
  std::array<Value, detail::kMaxArguments> values;
};

LogFormatter::LogFormatter() : buffers_(std::make_unique<Buffers>()) {}
LogFormatter::~LogFormatter() = default;

std::string_view LogFormatter::format(const queue::Descriptor& descriptor,
                                      queue::RecordReader& record) {
  if (descriptor.arg_types.empty()) return descriptor.log.text;
  fmt::memory_buffer& out = buffers_->text;
  auto& values = buffers_->values;
  out.clear();

  std::uint64_t kept = 0;
  std::uint64_t original = 0;
  std::size_t count = 0;
  for (ArgType type : descriptor.arg_types) {
    if (count == values.size()) break;
    Value& value = values[count++];
    value.type = type;
    if (type != ArgType::kString && type != ArgType::kFormatted) {
      value.bits = record.number();
      continue;
    }
    const queue::StringValue text = record.string();
    value.text = text.text;
    if (text.original_bytes > text.text.size()) {
      kept += text.text.size();
      original += text.original_bytes;
    }
  }

  try {
    if (!descriptor.pieces.empty()) {
      for (const queue::FormatPiece& piece : descriptor.pieces) {
        append(out, piece.literal);
        if (piece.argument >= count) continue;  // only the last piece has none
        const Value& value = values[piece.argument];
        if (piece.format.empty()) {
          append_default(out, value);
        } else {
          value.visit([&](const auto& v) {
            fmt::vformat_to(std::back_inserter(out), piece.format, fmt::make_format_args(v));
          });
        }
      }
    } else {
      buffers_->args.clear();
      for (std::size_t i = 0; i < count; ++i) {
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
  if (original != 0) append_mark(out, kept, original);
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
