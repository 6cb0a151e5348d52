// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "micromegas/bench/harness/library.h"
#include "micromegas/bench/harness/row.h"
#include "micromegas/bench/report/picture.h"
#include "micromegas/bench/report/readme.h"

namespace {

using bench::Row;

Row row(const std::string& name, double median) {
  return {.question = "warm",
          .name = name,
          .library = "micromegas-cpp",
          .unit = "ns",
          .median = median,
          .min = median - 1,
          .max = median + 1,
          .ratio = median / 10};
}

TEST(Rows, JsonHasWhatTheSchemaSays) {
  const auto json = nlohmann::json::parse(to_json(row("int+double+string", 12.5)));
  EXPECT_EQ(json.at("question"), "warm");
  EXPECT_EQ(json.at("case"), "int+double+string");
  EXPECT_EQ(json.at("library"), "micromegas-cpp");
  EXPECT_EQ(json.at("threads"), 1);
  EXPECT_EQ(json.at("unit"), "ns");
  EXPECT_EQ(json.at("median"), 12.5);
  EXPECT_EQ(json.at("min"), 11.5);
  EXPECT_EQ(json.at("max"), 13.5);
  EXPECT_EQ(json.at("ratio"), 1.25);
}

TEST(Rows, WhatIsNotCountedHasNoFigure) {
  Row bad = row("literal", 12);
  bad.not_counted = "a \"quoted\"\nreason";
  const auto json = nlohmann::json::parse(to_json(bad));
  EXPECT_TRUE(json.at("median").is_null());
  EXPECT_EQ(json.at("not_counted"), "a \"quoted\" reason");
}

TEST(Rows, AreTheMedianAndTheSpreadOfTheRepetitions) {
  const Row made = bench::summarize("warm", "literal", "x", 2, "ns", {30, 10, 20, 50, 40}, 10);
  EXPECT_EQ(made.median, 30);
  EXPECT_EQ(made.min, 10);
  EXPECT_EQ(made.max, 50);
  EXPECT_EQ(made.ratio, 3);
}

TEST(Picture, IsTheSameForTheSameRows) {
  const std::vector<Row> rows = {row("literal", 10), row("a <b> & c", 1000)};
  const std::string picture = bench::picture("warm", "a machine", rows);
  EXPECT_EQ(picture, bench::picture("warm", "a machine", rows));
  EXPECT_NE(picture.find("a &lt;b> &amp; c"), std::string::npos);
  EXPECT_TRUE(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
}

TEST(Picture, OfNothingIsNone) {
  Row bad = row("literal", 12);
  bad.not_counted = "why";
  EXPECT_EQ(bench::picture("warm", "a machine", {bad}), "");
}

TEST(Readme, WithoutAPlaceForTablesIsLeftAlone) {
  EXPECT_EQ(bench::with_tables("no place", "a machine", {row("literal", 10)}), "");
}

}  // namespace
