// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/property_set_watch.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "micromegas/platform/diagnostics.h"

namespace micromegas::pipeline {
namespace {

constexpr std::size_t kSetsToLookAt = 4096;  // the last ones: they are those that multiply

// The property with the most different values: "'user' has 1000 values".
std::string worst_property() {
  std::map<std::string_view, std::unordered_set<std::string_view>> values;
  std::size_t seen = 0;
  for (std::uint32_t id = PropertySet::kMaxSets; id > 0 && seen < kSetsToLookAt; --id) {
    const PropertySet* set = PropertySet::by_id(id);
    if (set == nullptr) continue;
    ++seen;
    for (const Property& p : set->properties()) values[p.name].insert(p.value);
  }
  const auto most = std::max_element(
      values.begin(), values.end(),
      [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  if (most == values.end()) return "none has a property";
  return "of the last " + std::to_string(seen) + ", '" + std::string(most->first) + "' has " +
         std::to_string(most->second.size()) + " different values";
}

// Once; `make` builds the line, and may run out of memory.
template <class Make>
void say(bool& said, const char* key, Make make) noexcept {
  if (said) return;
  said = true;
  try {
    diagnose(key, make());
  } catch (...) {
    diagnose(key, "property sets or texts were refused, cut, or too many (stats() has the counts)");
  }
}

// What the watches of this process have seen of the sets' losses. From 0: sets are interned before
// main(), and while telemetry does not run.
struct Seen {
  std::uint64_t refused_keys = 0;
  std::uint64_t cut = 0;
  std::uint64_t refused_sets = 0;
};
constinit Seen g_seen;

}  // namespace

void PropertySetWatch::poll(TimePoint now, std::uint64_t cut_texts,
                            std::uint64_t lost_properties) noexcept {
  using std::to_string;
  const PropertySetStats stats = property_set_stats();
  if (stats.interned - period_sets_ > kMaxNew) {
    say(said_growth_, "properties.growth", [&] {
      return to_string(stats.interned - period_sets_) + " new property sets within " +
             to_string(kPeriod.count()) + " s: " + worst_property() +
             "; sets are kept for ever: write \"key\"_k = value instead";
    });
  }
  if (stats.interned > kMaxSets) {
    say(said_total_, "properties.total", [&] {
      return to_string(stats.interned) + " property sets of " + to_string(PropertySet::kMaxSets) +
             " at most: " + worst_property() +
             "; beyond them events lose theirs: write \"key\"_k = value instead";
    });
  }
  if (now - period_begin_ >= kPeriod) {
    period_begin_ = now;
    period_sets_ = stats.interned;
  }
  const auto say_line = [](bool lost, bool& said, const char* key, const char* line) {
    if (lost) say(said, key, [line] { return std::string(line); });
  };
  const auto grown = [](std::uint64_t count, std::uint64_t& seen) {
    return count > std::exchange(seen, count);
  };
  say_line(grown(stats.refused_keys, g_seen.refused_keys), said_refused_keys_, "properties.refused",
           "properties of a set were left out: a name is empty, longer than 256 bytes, level, "
           "target, name, unit, or begins with micromegas.");
  say_line(grown(stats.cut, g_seen.cut), said_cut_, "properties.cut",
           "properties of a set were cut or left out: a value over 4096 bytes, or more than 64 in "
           "one set");
  say_line(grown(stats.refused_sets, g_seen.refused_sets), said_refused_sets_,
           "properties.refused_sets",
           "property sets were refused, their events have none: there are too many, or memory is "
           "short");
  say_line(cut_texts > 0, said_cut_texts_, "texts.cut",
           "texts, values or names of events were cut: over 60 KiB a record, 1 KiB a name, 4 KiB a "
           "value of the process's context");
  say_line(
      lost_properties > 0, said_lost_, "properties.lost",
      "properties of spans were lost: over 64 KiB a span (16 KiB of an asynchronous one), or "
      "there was no room for them, or their span was not open; or, with log_origin, the span of "
      "a log whose thread outran the flush actor");
}

}  // namespace micromegas::pipeline
