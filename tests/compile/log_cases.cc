// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is wrong with a log, a metric or a span and can be seen at compile time must not compile,
// and the compiler must quote a sentence that says why. What stands outside of #ifdef is the
// control: it compiles without a warning.

#include <cstdint>
#include <string>
#include <utility>

#include "micromegas/instrument.h"

struct Unknown {
  int x = 0;
};

inline void cases(const std::string& text, int number, double real, const Unknown& unknown) {
  // The nearest right statement to each wrong one.
  MM_INFO("{} {}", number, text);
  MM_INFO("{{}} {{ }}");
  MM_INFO("{0} {1} {0}", number, text);
  MM_INFO("{:d} {:s} {:>8} {:.2f} {:.{}} {:x}", number, text, text, real, text, 2, number);
  MM_INFO("{levels} {target_} {my.target}", number, number, number);
  MM_INFO("{user} {user} {count:>{width}}", text, number, 3);
  MM_INFO("{:+} {:#x} {:05}", number, number, number);
  MM_INFO("{}", static_cast<const void*>(&unknown));
  MM_INFO("{}", unknown.x);
  MM_IMETRIC("depth", "count", number);
  MM_FMETRIC("time", "ms", real);
  MM_IMETRIC_DYN(text, text, number);
  MM_SPAN("control");
  static constinit micromegas::SpanMetadata meta{.name = "control"};
  const micromegas::SpanGuard guard(meta);

  using namespace micromegas::literals;
  const auto& set = micromegas::PropertySet::intern({{"tenant", "acme"}});
  MM_INFO("{user} {rows}", text, number, "region"_k = text, set);
  MM_INFO("{0} {k} {0}", number, "k"_k = number);
  MM_INFO("done", set);
  MM_IMETRIC("depth", "count", number, "route"_k = text, set);
  MM_SPAN_VAR(span, "control", "name"_k = text);
  span.set("later"_k = real, set);

#ifdef SAME_KEY_TWICE
  MM_INFO("done", "key"_k = 1, "KEY"_k = 2);
#endif
#ifdef SAME_KEY_TWICE_IN_A_METRIC
  MM_IMETRIC("depth", "count", number, "key"_k = 1, "Key"_k = 2);
#endif
#ifdef RESERVED_KEY_OF_A_LOG
  MM_INFO("done", "level"_k = 1);
#endif
#ifdef RESERVED_KEY_OF_A_METRIC
  MM_FMETRIC("time", "ms", real, "Unit"_k = 1);
#endif
#ifdef KEY_OF_THE_LIBRARY
  MM_INFO("done", "micromegas.x"_k = 1);
#endif
#ifdef EMPTY_KEY
  MM_INFO("done", ""_k = 1);
#endif
#ifdef TWO_SETS
  MM_INFO("done", set, set);
#endif
#ifdef TWO_SETS_OF_A_SPAN
  span.set(set, set);
#endif
#ifdef VALUE_WITHOUT_A_KEY
  MM_SPAN("decode", number);
#endif
#ifdef PLACEHOLDER_OF_NO_PAIR
  MM_INFO("{rows}", "row"_k = number);
#endif
#ifdef PAIR_OF_AN_UNKNOWN_TYPE
  MM_INFO("done", "key"_k = unknown);
#endif
#ifdef PLACEHOLDER_WITHOUT_ARGUMENT
  MM_INFO("{} {}", number);
#endif
#ifdef PLACEHOLDER_WITHOUT_ANY_ARGUMENT
  MM_INFO("done {}");
#endif
#ifdef NUMBER_WITHOUT_ARGUMENT
  MM_INFO("{0} {2}", number, text);
#endif
#ifdef ARGUMENT_WITHOUT_PLACE
  MM_INFO("{}", number, text);
#endif
#ifdef ARGUMENT_OF_A_LITERAL
  MM_INFO("done", number);
#endif
#ifdef LONE_CLOSING_BRACE
  MM_INFO("{} }", number);
#endif
#ifdef LONE_CLOSING_BRACE_IN_A_LITERAL
  MM_INFO("done }");
#endif
#ifdef LONE_OPENING_BRACE_IN_A_LITERAL
  MM_INFO("done { now");
#endif
#ifdef OPENING_BRACE_AT_THE_END
  MM_INFO("done {");
#endif
#ifdef UNCLOSED_SPEC
  MM_INFO("{:>8", number);
#endif
#ifdef TEXT_IN_A_PLACEHOLDER
  MM_INFO("{two words}", number);
#endif
#ifdef BLANK_BEHIND_A_NAME
  MM_INFO("{region }", "region"_k = text);
#endif
#ifdef INT_AS_STRING
  MM_INFO("{:s}", number);
#endif
#ifdef STRING_AS_INT
  MM_INFO("{:d}", text);
#endif
#ifdef DOUBLE_AS_INT
  MM_INFO("{:x}", real);
#endif
#ifdef PRECISION_OF_AN_INT
  MM_INFO("{:.2}", number);
#endif
#ifdef SIGN_OF_A_STRING
  MM_INFO("{:+}", text);
#endif
#ifdef SIGN_OF_AN_UNSIGNED
  MM_INFO("{:+}", std::uint32_t{7});
#endif
#ifdef ZEROS_FOR_A_STRING
  MM_INFO("{:08}", text);
#endif
#ifdef WIDTH_FROM_A_STRING
  MM_INFO("{:{}}", number, text);
#endif
#ifdef UNKNOWN_SPEC
  MM_INFO("{:q}", number);
#endif
#ifdef RESERVED_LEVEL
  MM_INFO("{level}", number);
#endif
#ifdef RESERVED_TARGET_IN_CAPITALS
  MM_INFO("{TarGet}", number);
#endif
#ifdef NUMBERED_THEN_UNNUMBERED
  MM_INFO("{0} {}", number, text);
#endif
#ifdef UNNUMBERED_THEN_NUMBERED
  MM_INFO("{} {1}", number, text);
#endif
#ifdef NUMBERED_THEN_NAMED
  MM_INFO("{0} {user}", number, text);
#endif
#ifdef NAME_THAT_BEGINS_WITH_A_DIGIT
  MM_INFO("{1st}", number);
#endif
#ifdef TYPE_WITHOUT_FORMATTER
  MM_INFO("{}", unknown);
#endif
#ifdef POINTER_TO_AN_OBJECT
  MM_INFO("{}", &unknown);
#endif
#ifdef WIDE_CHARACTER
  MM_INFO("{}", L'x');
#endif
#ifdef RUN_TIME_FORMAT
  MM_INFO(text.c_str(), number);
#endif
#ifdef RUN_TIME_FORMAT_STRING
  MM_INFO(text);
#endif
#ifdef RUN_TIME_LEVEL
  const micromegas::Level level = number == 0 ? micromegas::Level::kInfo : micromegas::Level::kWarn;
  MM_LOG(level, "x");
#endif
#ifdef INTEGER_METRIC_FROM_A_DOUBLE
  MM_IMETRIC("depth", "count", real);
#endif
#ifdef RUN_TIME_INTEGER_METRIC_FROM_A_DOUBLE
  MM_IMETRIC_DYN(text, "count", real);
#endif
#ifdef FLOAT_METRIC_FROM_A_STRING
  MM_FMETRIC("time", "ms", text);
#endif
#ifdef RUN_TIME_METRIC_NAME
  MM_IMETRIC(text.c_str(), "count", number);
#endif
#ifdef RUN_TIME_SPAN_NAME
  MM_SPAN(text.c_str());
#endif
#ifdef COPIED_SPAN_GUARD
  const micromegas::SpanGuard copy = guard;
#endif
#ifdef MOVED_SPAN_GUARD
  micromegas::SpanGuard first(meta);
  const micromegas::SpanGuard second = std::move(first);
#endif
#ifdef MOVED_NAMED_SPAN_GUARD
  static constinit micromegas::SpanLocation place{};
  micromegas::NamedSpanGuard first(place, text);
  const micromegas::NamedSpanGuard second = std::move(first);
#endif
}
