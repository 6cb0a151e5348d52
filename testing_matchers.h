// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// GoogleTest matchers for what a Recorder (testing.h) has recorded, and how failures print it.
//
//   EXPECT_THAT(recorder.logs(), Once(LogIs(Level::kError, "net", HasSubstr("refused"))));
//   EXPECT_THAT(recorder.metrics(), Contains(AllOf(NameIs("depth"), ValueIs(Gt(3)))));
//
// Every argument is a value or a matcher. Those that speak of a target, a name or properties take
// every event that has one: logs, metrics, spans of both kinds, images.
#ifndef MICROMEGAS_TESTING_MATCHERS_H_
#define MICROMEGAS_TESTING_MATCHERS_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "micromegas/testing.h"

namespace micromegas {

// GoogleTest finds these by their arguments.
inline void PrintTo(const MemorySink::Log& log, std::ostream* out) {  // NOLINT: its name
  *out << testing::describe(log);
}
inline void PrintTo(const MemorySink::Metric& metric, std::ostream* out) {  // NOLINT: its name
  *out << testing::describe(metric);
}
inline void PrintTo(const MemorySink::ThreadSpan& span, std::ostream* out) {  // NOLINT: its name
  *out << testing::describe(span);
}
inline void PrintTo(const MemorySink::AsyncSpan& span, std::ostream* out) {  // NOLINT: its name
  *out << testing::describe(span);
}
inline void PrintTo(const MemorySink::Image& image, std::ostream* out) {  // NOLINT: its name
  *out << testing::describe(image);
}
inline void PrintTo(Level level, std::ostream* out) { *out << to_string(level); }  // NOLINT

namespace testing {

// Exactly one element is so; `Times(n)` of GoogleMock's Contains() for other numbers.
template <class M>
auto Once(M&& element) {  // NOLINT: as GoogleMock names matchers
  return ::testing::Contains(std::forward<M>(element)).Times(1);
}

MATCHER_P(LevelIs, level, "level " + ::testing::PrintToString(level)) {
  return ::testing::ExplainMatchResult(level, arg.level, result_listener);
}
MATCHER_P(TextIs, text, "text " + ::testing::DescribeMatcher<std::string>(text, negation)) {
  return ::testing::ExplainMatchResult(text, arg.text, result_listener);
}
MATCHER_P(TargetIs, target, "target " + ::testing::DescribeMatcher<std::string>(target, negation)) {
  return ::testing::ExplainMatchResult(target, arg.source.target, result_listener);
}
MATCHER_P(NameIs, name, "name " + ::testing::DescribeMatcher<std::string>(name, negation)) {
  return ::testing::ExplainMatchResult(name, arg.name, result_listener);
}
MATCHER_P(UnitIs, unit, "unit " + ::testing::DescribeMatcher<std::string>(unit, negation)) {
  return ::testing::ExplainMatchResult(unit, arg.unit, result_listener);
}
// Of a metric, as a double.
MATCHER_P(ValueIs, value, "value " + ::testing::DescribeMatcher<double>(value, negation)) {
  const double number = arg.is_float ? arg.number : static_cast<double>(arg.integer);
  return ::testing::ExplainMatchResult(value, number, result_listener);
}
MATCHER_P2(HasProperty, name, value,
           std::string(negation ? "no " : "") + "property " + std::string(name) + " that " +
               ::testing::DescribeMatcher<std::string>(value)) {
  for (const auto& property : arg.properties) {
    if (property.name == name &&
        ::testing::ExplainMatchResult(value, property.value, result_listener)) {
      return true;
    }
  }
  return false;
}

template <class Target, class Text>
auto LogIs(Level level, Target target, Text text) {  // NOLINT: as GoogleMock names matchers
  return ::testing::AllOf(LevelIs(level), TargetIs(target), TextIs(text));
}

}  // namespace testing
}  // namespace micromegas

#endif  // MICROMEGAS_TESTING_MATCHERS_H_
