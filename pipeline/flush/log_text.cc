// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/log_text.h"

#include <fmt/args.h>
#include <fmt/format.h>

#include <cstring>
#include <exception>
#include <iterator>

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

struct LogFormatter::Buffers {
  fmt::memory_buffer text;
  fmt::dynamic_format_arg_store<fmt::format_context> args;
};

LogFormatter::LogFormatter() : buffers_(std::make_unique<Buffers>()) {}
LogFormatter::~LogFormatter() = default;

namespace {

void append_mark(fmt::memory_buffer& text, std::uint64_t kept, std::uint64_t original) {
  fmt::format_to(std::back_inserter(text), " [cut: {} of {} bytes]", kept, original);
}

}  // namespace

std::string_view LogFormatter::format(const queue::Descriptor& descriptor,
                                      queue::RecordReader& record) {
  using queue::ArgType;
  fmt::memory_buffer& text = buffers_->text;
  auto& args = buffers_->args;
  text.clear();
  if (descriptor.arg_types.empty()) return descriptor.log.text;

  std::uint64_t kept = 0;
  std::uint64_t original = 0;
  try {
    args.clear();
    for (ArgType type : descriptor.arg_types) {
      switch (type) {
        case ArgType::kBool:
          args.push_back(record.number() != 0);
          break;
        case ArgType::kChar:
          args.push_back(static_cast<char>(record.number()));
          break;
        case ArgType::kInt64:
          args.push_back(static_cast<long long>(record.number()));
          break;
        case ArgType::kUint64:
          args.push_back(static_cast<unsigned long long>(record.number()));
          break;
        case ArgType::kFloat: {
          const auto bits = static_cast<std::uint32_t>(record.number());
          float value;
          std::memcpy(&value, &bits, 4);
          args.push_back(value);
          break;
        }
        case ArgType::kDouble: {
          const std::uint64_t bits = record.number();
          double value;
          std::memcpy(&value, &bits, 8);
          args.push_back(value);
          break;
        }
        case ArgType::kPointer:
          args.push_back(reinterpret_cast<const void*>(record.number()));
          break;
        case ArgType::kString:
        case ArgType::kFormatted: {
          const queue::StringValue value = record.string();
          if (value.original_bytes > value.text.size()) {
            kept += value.text.size();
            original += value.original_bytes;
          }
          if (type == ArgType::kString) {
            args.push_back(value.text);
          } else {
            args.push_back(Formatted{value.text});
          }
          break;
        }
      }
    }
    fmt::vformat_to(std::back_inserter(text), descriptor.format, args);
  } catch (const std::exception& error) {
    try {
      text.clear();
      fmt::format_to(std::back_inserter(text), "{} [not formatted: {}]", descriptor.log.text,
                     error.what());
    } catch (...) {
      return descriptor.log.text;
    }
  }
  if (original != 0) append_mark(text, kept, original);
  return {text.data(), text.size()};
}

std::string_view LogFormatter::mark(const queue::StringValue& value) {
  if (value.original_bytes <= value.text.size()) return value.text;
  fmt::memory_buffer& text = buffers_->text;
  text.clear();
  text.append(value.text.data(), value.text.data() + value.text.size());
  append_mark(text, value.text.size(), value.original_bytes);
  return {text.data(), text.size()};
}

}  // namespace micromegas::pipeline
