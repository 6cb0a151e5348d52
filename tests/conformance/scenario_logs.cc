// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "micromegas/dispatch.h"
#include "micromegas/fmt.h"
#include "micromegas/tests/conformance/scenario.h"

namespace micromegas::conformance {

struct Point {
  int x, y;
};
enum class Color : std::uint8_t { kRed = 7 };

}  // namespace micromegas::conformance

template <>
struct fmt::formatter<micromegas::conformance::Point> {
  constexpr auto parse(format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(const micromegas::conformance::Point& p, Context& context) const {
    return fmt::format_to(context.out(), "({}; {})", p.x, p.y);
  }
};

namespace micromegas::conformance {
namespace {

using namespace literals;

constexpr char kBad[] = "\xef\xbf\xbd";  // U+FFFD

void record_levels(Expected& e) {
  e.log(1, __FILE__, "a fatal", [] { MM_FATAL("a fatal"); });
  e.log(2, __FILE__, "an error", [] { MM_ERROR("an error"); });
  e.log(3, __FILE__, "a warning", [] { MM_WARN("a warning"); });
  e.log(4, __FILE__, "an info", [] { MM_INFO("an info"); });
  e.log(5, __FILE__, "a debug", [] { MM_DEBUG("a debug"); });
  e.log(6, __FILE__, "a trace", [] { MM_TRACE("a trace"); });
  e.log(1, "levels", "fatal 1", [] { MM_FATAL_T("levels", "fatal {}", 1); });
  e.log(2, "levels", "error 2", [] { MM_ERROR_T("levels", "error {}", 2); });
  e.log(3, "levels", "warn 3", [] { MM_WARN_T("levels", "warn {}", 3); });
  e.log(4, "levels", "info 4", [] { MM_INFO_T("levels", "info {}", 4); });
  e.log(5, "levels", "debug 5", [] { MM_DEBUG_T("levels", "debug {}", 5); });
  e.log(6, "levels", "trace 6", [] { MM_TRACE_T("levels", "trace {}", 6); });
  e.log(3, __FILE__, "MM_LOG", [] { MM_LOG(kWarn, "MM_LOG"); });
  e.log(2, "levels", "MM_LOG_T", [] { MM_LOG_T(kError, "levels", "MM_LOG_T"); });
  e.log(6, __FILE__, "operator()", [] { MM_LOG_FN(); });
  // The level and target of these exist at run time only.
  for (int level = 1; level <= 6; ++level) {
    e.log(level, "dynamic", "of level " + std::to_string(level), [&] {
      log_dynamic(static_cast<Level>(level), std::string("dyn") + "amic",
                  "of level " + std::to_string(level));
    });
  }
}

void record_integers(Expected& e) {
  const auto log = [&](std::string text, auto value) {
    e.log(4, "types", std::move(text), [&] { MM_INFO_T("types", "{}", value); });
  };
  log("true", true);
  log("false", false);
  log("c", 'c');
  log("-128", std::numeric_limits<signed char>::min());
  log("255", std::numeric_limits<unsigned char>::max());
  log("-32768", std::numeric_limits<short>::min());
  log("65535", std::numeric_limits<unsigned short>::max());
  log("-2147483648", std::numeric_limits<int>::min());
  log("4294967295", std::numeric_limits<unsigned>::max());
  log("-9223372036854775808", std::numeric_limits<std::int64_t>::min());
  log("9223372036854775807", std::numeric_limits<std::int64_t>::max());
  log("18446744073709551615", std::numeric_limits<std::uint64_t>::max());
  log("0", 0);
  log("7", Color::kRed);
}

void record_floats(Expected& e) {
  const auto log = [&](std::string text, auto value) {
    e.log(4, "types", std::move(text), [&] { MM_INFO_T("types", "{}", value); });
  };
  log("0.1", 0.1F);
  log("3.4028235e+38", std::numeric_limits<float>::max());
  log("0.1", 0.1);
  log("-0", -0.0);
  log("1.7976931348623157e+308", std::numeric_limits<double>::max());
  log("-1.7976931348623157e+308", std::numeric_limits<double>::lowest());
  log("5e-324", std::numeric_limits<double>::denorm_min());
  log("2.2250738585072014e-308", std::numeric_limits<double>::min());
  log("inf", std::numeric_limits<double>::infinity());
  log("-inf", -std::numeric_limits<double>::infinity());
  log("nan", std::numeric_limits<double>::quiet_NaN());
  e.log(4, "types", "3.14|  ff|+7|0x1f",
        [] { MM_INFO_T("types", "{:.2f}|{:>4x}|{:+}|{:#x}", 3.14159, 255, 7, 31); });
}

void record_objects(Expected& e) {
  const std::string owned = "owned";
  const std::string_view view = "view";
  const char* const pointer = "pointer";
  e.log(4, "types", "owned view pointer literal",
        [&] { MM_INFO_T("types", "{} {} {} {}", owned, view, pointer, "literal"); });
  e.log(4, "types", "0x1234",
        [] { MM_INFO_T("types", "{}", reinterpret_cast<const void*>(std::uintptr_t{0x1234})); });
  e.log(4, "types", "0x0", [] { MM_INFO_T("types", "{}", nullptr); });
  e.log(4, "types", "at (1; -2)", [] { MM_INFO_T("types", "at {}", Point{1, -2}); });
  e.log(4, "types", "again and again", [] { MM_INFO_T("types", "{word} and {word}", "again"); },
        {{"word", "again"}});
  e.log(4, "types", "1 2 3 4 5 6 7 8",
        [] { MM_INFO_T("types", "{} {} {} {} {} {} {} {}", 1, 2, 3, 4, 5, 6, 7, 8); });
}

// Of a call site that is a literal, with properties and without.
void record_dispatched(Expected& e) {
  static constinit LogMetadata site{.level = Level::kWarn, .text = "unused {}", .target = "bridge"};
  const PropertySet& two = PropertySet::intern({{"color", "red"}, {"größe", "世界"}});
  const PropertySet& odd = PropertySet::intern({{"empty", ""}, {"bad", "a\xff z"}});
  e.log(3, "bridge", "plain {} text", [] { dispatch::log(site, "plain {} text"); });
  e.log(3, "bridge", "tagged {} text", [&] { dispatch::log_tagged(site, two, "tagged {} text"); },
        {{"color", "red"}, {"größe", "世界"}});
  e.log(3, "bridge", "odd", [&] { dispatch::log_tagged(site, odd, "odd"); },
        {{"empty", ""}, {"bad", "a" + std::string(kBad) + " z"}});
  e.log(3, "bridge", "nothing",
        [] { dispatch::log_tagged(site, PropertySet::intern({}), "nothing"); });
  LogMetadata other{.level = Level::kError, .target = "interop\xc3\xa9"};
  e.log(2, "interopé", "interop", [&] { dispatch::log_interop(other, "interop"); });
}

// Names that are known only now: pairs that a set has too, bad bytes, and what is refused.
void record_run_time_properties(Expected& e) {
  static constinit LogMetadata site{.level = Level::kDebug, .text = "unused", .target = "bridge"};
  const PropertySet& set = PropertySet::intern({{"Color", "of the set"}, {"zone", "eu"}});
  const Property pairs[] = {{"color", "réd"}, {"bad \xff", "a\xff z"}, {"empty", ""},
                            {"level", "no"},  {"Target", "no"},        {"", "no"}};
  const Expected::Properties own = {{"color", "réd"},
                                    {"bad " + std::string(kBad), "a" + std::string(kBad) + " z"},
                                    {"empty", ""}};
  Expected::Properties both = own;
  both["zone"] = "eu";
  e.log(
      5, "bridge", "{color} stays",
      [&] { dispatch::log_dyn_tagged(site, set, pairs, "{color} stays"); }, both);
  e.log(
      5, "bridge", "asked before",
      [&] {
        if (const auto sink = dispatch::enabled_log_sink(site)) {
          dispatch::log_dyn_tagged_enabled(*sink, site, set, pairs, "asked before");
        }
      },
      both);
  LogMetadata other{.level = Level::kTrace, .target = "elsewhere"};
  e.log(
      6, "elsewhere", "{color} interop",
      [&] { dispatch::log_interop_dyn_tagged(other, pairs, "{color} interop"); }, own);
  e.log(
      4, "elsewhere", "dynamic", [&] { log_dynamic(Level::kInfo, "elsewhere", "dynamic", pairs); },
      own);
}

// Everything that gives a log properties, in each form that a log has on the wire.
void record_structured(Expected& e) {
  const PropertySet& set = PropertySet::intern({{"tenant", "acmé"}, {"User", "of the set"}});
  const std::string user = "alice";
  e.log(4, "structured", "alice fetched 12 rows",
        [&] {
          MM_INFO_T("structured", "{user} fetched {rows} rows", user, 12, "region"_k = "eu", set);
        },
        {{"user", "alice"}, {"rows", "12"}, {"region", "eu"}, {"tenant", "acmé"}});
  e.log(4, "structured", "{alice} {} {rows}",
        [&] { MM_INFO_T("structured", "{{{user}}} {{}} {{rows}}", "user"_k = user, "rows"_k = 1); },
        {{"user", "alice"}, {"rows", "1"}});
  e.log(4, "structured", "as {rows} as it is",
        [] { MM_INFO_T("structured", "{text}", "text"_k = "as {rows} as it is", "rows"_k = 1); },
        {{"text", "as {rows} as it is"}, {"rows", "1"}});
  e.log(3, "structured", "12.3 ms of alice",
        [&] { MM_WARN_T("structured", "{ms:.1f} ms of {user}", 12.345, user); },
        {{"ms", "12.345"}, {"user", "alice"}});
  e.log(4, "structured", "literal {} with all types",
        [] {
          MM_INFO_T("structured", "literal {{}} with all types", "b"_k = true, "c"_k = 'x',
                    "i"_k = std::numeric_limits<std::int64_t>::min(),
                    "u"_k = std::numeric_limits<std::uint64_t>::max(), "f"_k = 0.1F, "d"_k = 5e-324,
                    "n"_k = std::numeric_limits<double>::quiet_NaN(), "s"_k = "",
                    "e"_k = Color::kRed, "p"_k = Point{1, -2}, "größe ü"_k = "世界",
                    "bad"_k = "a\xff z");
        },
        {{"b", "true"},
         {"c", "x"},
         {"i", "-9223372036854775808"},
         {"u", "18446744073709551615"},
         {"f", "0.1"},
         {"d", "5e-324"},
         {"n", "nan"},
         {"s", ""},
         {"e", "7"},
         {"p", "(1; -2)"},
         {"größe ü", "世界"},
         {"bad", "a" + std::string(kBad) + " z"}});
  e.log(4, "structured", "only a set", [&] { MM_INFO_T("structured", "only a set", set); },
        {{"tenant", "acmé"}, {"User", "of the set"}});
  e.log(4, "structured", "1 B 2", [] { MM_INFO_T("structured", "{} {b} {}", 1, "b"_k = "B", 2); },
        {{"b", "B"}});
  // One character in two properties: whole in the text, but not in them.
  e.log(4, "structured", "é|",
        [] { MM_INFO_T("structured", "{a}{b}|", "a"_k = "\xc3", "b"_k = "\xa9"); },
        {{"a", kBad}, {"b", kBad}});
}

// What a rate helper lets through says how many it left out, or how many will follow.
void record_rates(Expected& e) {
  for (int i = 0; i < 7; ++i) {
    const auto record = [&] { MM_LOG_EVERY_N_T(kWarn, "rates", 3, "slow {}", i); };
    if (i % 3 != 0) {
      record();
      continue;
    }
    e.log(3, "rates", "slow " + std::to_string(i), record, {{"left_out", i == 0 ? "0" : "2"}});
  }
  for (int i = 0; i < 5; ++i) {
    const auto record = [] { MM_LOG_FIRST_N_T(kError, "rates", 2, "literal", "own"_k = "é"); };
    if (i >= 2) {
      record();
      continue;
    }
    e.log(2, "rates", "literal", record, {{"remaining", i == 0 ? "1" : "0"}, {"own", "é"}});
  }
  for (int i = 0; i < 3; ++i) {
    const auto record = [] {
      MM_LOG_EVERY_MS_T(kInfo, "rates", 3'600'000, "{user} waits", "user"_k = "alice");
    };
    if (i > 0) {
      record();
      continue;
    }
    e.log(4, "rates", "alice waits", record, {{"left_out", "0"}, {"user", "alice"}});
  }
}

}  // namespace

void record_logs(Expected& expected) {
  record_levels(expected);
  record_integers(expected);
  record_floats(expected);
  record_objects(expected);
  record_dispatched(expected);
  record_run_time_properties(expected);
  record_structured(expected);
  record_rates(expected);
}

void record_texts(Expected& e) {
  e.log(4, "texts", "", [] { MM_INFO_T("texts", ""); });
  e.log(4, "texts", "", [] { MM_INFO_T("texts", "{}", ""); });
  e.log(4, "", "no target", [] { MM_INFO_T("", "no target"); });
  e.log(4, "texts", "{braces} {} }{", [] { MM_INFO_T("texts", "{{braces}} {{}} }}{{"); });
  e.log(4, "texts", "{1}", [] { MM_INFO_T("texts", "{{{}}}", 1); });
  e.log(4, "texts", "{not a {placeholder}",
        [] { MM_INFO_T("texts", "{}", "{not a {placeholder}"); });
  e.log(4, "texts", "grüße 世界 😀", [] { MM_INFO_T("texts", "grüße 世界 😀"); });
  e.log(4, "texts", "grüße 世界 😀", [] { MM_INFO_T("texts", "{}", "grüße 世界 😀"); });
  e.log(4, "ziel ü", "non-ASCII target", [] { MM_INFO_T("ziel ü", "non-ASCII target"); });
  e.log(4, "texts", "tab\tquote\"back\\slash\nline\x01\x7f",
        [] { MM_INFO_T("texts", "tab\tquote\"back\\slash\nline\x01\x7f"); });
  e.log(4, "texts", std::string("nul\0inside", 10),
        [] { MM_INFO_T("texts", "{}", std::string_view("nul\0inside", 10)); });

  // Ill-formed UTF-8 of every sort: each maximal part becomes one U+FFFD.
  const std::string bad = kBad;
  const std::pair<std::string_view, std::string> ill[] = {
      {"lone \x80.", "lone " + bad + "."},
      {"\xff\xfe", bad + bad},
      {"cut \xf0\x9f\x98", "cut " + bad},
      {"overlong \xc0\xaf", "overlong " + bad + bad},
      {"surrogate \xed\xa0\x80", "surrogate " + bad + bad + bad},
      {"beyond \xf4\x90\x80\x80", "beyond " + bad + bad + bad + bad},
      {"ok \xc3\xa9 not \xc3(", "ok é not " + bad + "("},
  };
  for (const auto& [text, shown] : ill) {
    e.log(4, "texts", shown, [&] { MM_INFO_T("texts", "{}", text); });
  }
  e.log(4, "texts", "literal " + bad, [] { MM_INFO_T("texts", "literal \xff"); });

  const std::string huge = "begin " + std::string(50'000, 'x') + " end";
  e.log(4, "texts", huge, [&] { MM_INFO_T("texts", "{}", huge); });
  // A record holds 60 KiB: 16 of it are the header, 8 a text's lengths (docs/reference.md).
  constexpr std::size_t kRoom = 60 * 1024 - 16 - 8;
  const std::string too_long(70'000, 'y');
  e.log(4, "texts",
        too_long.substr(0, kRoom) + " [cut: " + std::to_string(kRoom) + " of 70000 bytes]",
        [&] { MM_INFO_T("texts", "{}", too_long); });
  const std::string wide = [] {
    std::string text;
    for (int i = 0; i < 15'000; ++i) text += "世";
    return text;
  }();
  e.log(4, "texts", wide, [&] { MM_INFO_T("texts", "{}", wide); });
  for (std::size_t size : {1U, 7U, 8U, 9U, 255U, 256U, 257U, 4095U, 4096U, 4097U}) {
    const std::string text(size, 's');
    e.log(4, "texts", text, [&] { MM_INFO_T("texts", "{}", text); });
  }
}

}  // namespace micromegas::conformance
