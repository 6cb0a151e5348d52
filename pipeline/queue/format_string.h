// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Cold work on format strings, once per call site.
#ifndef MICROMEGAS_PIPELINE_QUEUE_FORMAT_STRING_H_
#define MICROMEGAS_PIPELINE_QUEUE_FORMAT_STRING_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/instrument/arg_type.h"

namespace micromegas::queue {

// A format string taken apart: literal text, then one argument. The last piece may have none.
struct FormatPiece {
  std::string literal;           // braces undone
  std::size_t argument = kNone;  // its number
  std::string format;            // "{:spec}" for {fmt}; empty: the type's default

  static constexpr std::size_t kNone = ~std::size_t{0};
};

// Of a string in which every placeholder is numbered. Empty if a width or precision is an argument:
// such a string can only be formatted as a whole.
std::vector<FormatPiece> take_apart(std::string_view numbered);

// "{{" and "}}" become one brace: the message of a literal without arguments.
std::string unescape_braces(std::string_view text);

struct NumberedFormat {
  std::string format;              // "{user} {:.1f}" -> "{0} {1:.1f}"
  std::vector<std::string> names;  // per argument: its key, its placeholder's name, or ""
  bool has_placeholders = false;
};

// Gives every placeholder, nested ones included, the number of its argument, by ArgumentNumbers.
// `text` has passed the compile-time check; of anything else the result is merely harmless.
NumberedFormat number_placeholders(std::string_view text, const ArgList& args);

// The text with {name} for each argument, for a reader that puts the properties' texts in their
// places (docs/protocol.md, "Templates"). Empty if that would not give the same message: an
// argument has no name, or is not shown as its property's text.
std::string to_template(std::span<const FormatPiece> pieces, std::span<const std::string> names,
                        const ArgList& args);

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_FORMAT_STRING_H_
