// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a set loses that is interned before main(): said all the same.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/sink/null_sink.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/telemetry.h"

namespace micromegas {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

const PropertySet& g_set = PropertySet::intern(
    {{"level", "reserved"}, {"large", std::string(PropertySet::kMaxValueBytes + 1, 'x')}});

std::mutex g_mutex;
std::vector<std::string> g_lines;

std::vector<std::string> lines() {
  const std::lock_guard lock(g_mutex);
  return std::exchange(g_lines, {});
}

TEST(EarlyPropertySet, WhatItLosesIsSaid) {
  ASSERT_EQ(g_set.properties().size(), 1u);
  set_diagnostic_handler([](std::string_view line) {
    const std::lock_guard lock(g_mutex);
    g_lines.emplace_back(line);
  });
  {
    auto telemetry = init_telemetry({.console = false, .sinks = {{std::make_shared<NullSink>()}}});
    ASSERT_TRUE(telemetry) << telemetry.error().message();
    const PropertySetStats counted = stats().property_sets;
    EXPECT_EQ(counted.refused_keys, 1u);
    EXPECT_EQ(counted.cut, 1u);
  }
  EXPECT_THAT(lines(),
              UnorderedElementsAre(HasSubstr("properties of a set were cut or left out"),
                                   HasSubstr("properties of a set were left out: a name")));
  set_diagnostic_handler(nullptr);
}

}  // namespace
}  // namespace micromegas
