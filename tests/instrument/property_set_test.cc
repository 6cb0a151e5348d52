// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/instrument/property_set_stats.h"

namespace micromegas {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs(const PropertySet& set) {
  Pairs result;
  for (const Property& p : set.properties()) result.emplace_back(p.name, p.value);
  return result;
}

TEST(PropertySet, EqualContentIsTheSameObjectWhateverTheOrder) {
  const PropertySet& a = PropertySet::intern({{"tenant", "acme"}, {"tier", "gold"}});
  const PropertySet& b = PropertySet::intern({{"tier", "gold"}, {"tenant", "acme"}});
  EXPECT_EQ(&a, &b);
  EXPECT_EQ(pairs(a), (Pairs{{"tenant", "acme"}, {"tier", "gold"}}));
  const PropertySet& c = PropertySet::intern({{"tier", "gold"}, {"tenant", "acme2"}});
  EXPECT_NE(&a, &c);
  EXPECT_NE(a.id(), c.id());
}

TEST(PropertySet, BoundaryBetweenNameAndValueMatters) {
  EXPECT_NE(&PropertySet::intern({{"ab", "c"}}), &PropertySet::intern({{"a", "bc"}}));
}

TEST(PropertySet, OutlivesTheCallersText) {
  std::string name = "transient-name";
  std::string value = "transient-value";
  const PropertySet& set = PropertySet::intern({{name, value}});
  name.assign(name.size(), 'x');
  value.assign(value.size(), 'x');
  EXPECT_EQ(set.find("transient-name"), "transient-value");
}

TEST(PropertySet, LastOfEqualNamesWinsWithoutCase) {
  const PropertySet& set = PropertySet::intern({{"User", "1"}, {"b", "2"}, {"USER", "3"}});
  EXPECT_EQ(pairs(set), (Pairs{{"b", "2"}, {"USER", "3"}}));
}

TEST(PropertySet, FindIsExact) {
  const PropertySet& set = PropertySet::intern({{"Key", "v"}});
  EXPECT_EQ(set.find("Key"), "v");
  EXPECT_EQ(set.find("key"), "");
  EXPECT_EQ(set.find(""), "");
}

TEST(PropertySet, IsFoundByItsId) {
  const PropertySet& set = PropertySet::intern({{"by", "id"}});
  EXPECT_EQ(PropertySet::by_id(set.id()), &set);
  EXPECT_EQ(PropertySet::by_id(0), nullptr);
  EXPECT_EQ(PropertySet::by_id(60'000), nullptr);
  EXPECT_EQ(PropertySet::by_id(~0U), nullptr);
}

TEST(PropertySet, EmptySetIsASetToo) {
  const PropertySet& empty = PropertySet::intern({});
  EXPECT_TRUE(empty.properties().empty());
  EXPECT_EQ(PropertySet::by_id(empty.id()), &empty);
}

TEST(PropertySet, NamesThatTheServerReadsAsOverridesAreRefusedAndCounted) {
  const auto before = property_set_stats().refused_keys;
  const PropertySet& set = PropertySet::intern({{"level", "x"},
                                                {"TARGET", "x"},
                                                {"Name", "x"},
                                                {"unit", "x"},
                                                {"micromegas.process", "x"},
                                                {"Micromegas.", "x"},
                                                {"", "x"},
                                                {std::string(257, 'n'), "x"},
                                                {"levels", "kept"},
                                                {"micromegas", "kept"}});
  EXPECT_EQ(pairs(set), (Pairs{{"levels", "kept"}, {"micromegas", "kept"}}));
  EXPECT_EQ(property_set_stats().refused_keys - before, 8U);
}

TEST(PropertySet, LongValuesAreCutAtACharacter) {
  const auto before = property_set_stats().cut;
  std::string value(PropertySet::kMaxValueBytes - 1, 'v');
  const PropertySet& set = PropertySet::intern({{"long", value + "\u00e9"}});
  EXPECT_EQ(set.find("long"), value);
  EXPECT_EQ(property_set_stats().cut - before, 1U);
  // Bytes that are not UTF-8 do not make it run away.
  const PropertySet& bad = PropertySet::intern({{"bad", std::string(100'000, '\x80')}});
  EXPECT_GE(bad.find("bad").size(), PropertySet::kMaxValueBytes - 4);
  EXPECT_LE(bad.find("bad").size(), PropertySet::kMaxValueBytes);
}

TEST(PropertySet, TooManyPropertiesAreCutAndCounted) {
  const auto before = property_set_stats().cut;
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("p" + std::to_string(1000 + i));
  std::vector<Property> properties;
  for (const auto& name : names) properties.push_back({name, "v"});
  properties.push_back({"p1000", "last wins even when full"});
  const PropertySet& set = PropertySet::intern(properties);
  EXPECT_EQ(set.properties().size(), PropertySet::kMaxProperties);
  EXPECT_EQ(property_set_stats().cut - before, 36U);
  EXPECT_EQ(set.find("p1000"), "last wins even when full");
}

}  // namespace
}  // namespace micromegas
