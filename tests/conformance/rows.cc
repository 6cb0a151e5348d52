// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/conformance/rows.h"

#include <algorithm>
#include <map>
#include <sstream>

namespace micromegas::conformance {
namespace {

constexpr const char* kTimes[] = {"time", "begin", "end"};

std::string group_of(const json& row) {
  const auto text = [&](const char* key) {
    const auto found = row.find(key);
    if (found == row.end()) return std::string("?");
    return found->is_string() ? found->get<std::string>() : found->dump();
  };
  const std::string kind = text("kind");
  if (kind == "log") return "log " + text("target");
  if (kind == "metric") return "metric " + text("target") + " " + text("name");
  if (kind == "span") return "span " + text("thread");
  if (kind == "async") return "async " + text("event") + " " + text("id");
  return kind;
}

std::map<std::string, std::vector<const json*>> by_group(const std::vector<json>& rows) {
  std::map<std::string, std::vector<const json*>> groups;
  for (const json& row : rows) groups[group_of(row)].push_back(&row);
  return groups;
}

// The columns that must be equal.
json columns(const json& row, Depth depth) {
  json columns = row;
  if (depth == Depth::kRows) {
    // The server's values are doubles, whatever was sent.
    const auto value = columns.find("value");
    if (value != columns.end() && value->is_number_integer()) *value = value->get<double>();
    if (columns.contains("shown")) columns.update(columns.at("shown"));
  }
  columns.erase("shown");
  for (const char* time : kTimes) columns.erase(time);
  return columns;
}

std::string shortened(std::string text) {
  if (text.size() <= 600) return text;
  return text.substr(0, 450) + " ... " + std::to_string(text.size() - 600) + " bytes ... " +
         text.substr(text.size() - 150);
}

std::string text_of(const json* row) {
  return row == nullptr ? "(no row)"
                        : shortened(row->dump(-1, ' ', false, json::error_handler_t::replace));
}

// Names of the columns that differ, "" if none does.
std::string difference(const json& expected, const json& actual, Depth depth) {
  std::string names;
  const auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
  const json wanted = columns(expected, depth);
  const json found = columns(actual, depth);
  for (const auto& [key, value] : wanted.items()) {
    // As text: 1 is not 1.0, and 0.0 is not -0.0.
    if (!found.contains(key) || found.at(key).dump() != value.dump()) add(key);
  }
  for (const auto& [key, value] : found.items()) {
    if (!wanted.contains(key)) add(key);
  }
  const json* const shown =
      depth == Depth::kRows && expected.contains("shown") ? &expected.at("shown") : nullptr;
  for (const char* time : kTimes) {
    auto bounds = expected.find(time);
    if (bounds == expected.end()) continue;
    if (shown != nullptr && shown->contains(time)) bounds = shown->find(time);
    const auto at = actual.find(time);
    if (at != actual.end() && bounds->is_null() && at->is_null()) continue;
    if (at == actual.end() || bounds->is_null() || !at->is_number_integer() ||
        at->get<std::int64_t>() < bounds->at(0).get<std::int64_t>() ||
        at->get<std::int64_t>() > bounds->at(1).get<std::int64_t>()) {
      add(time);
    }
  }
  return names;
}

}  // namespace

std::vector<json> parse_lines(std::string_view text) {
  std::vector<json> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

std::vector<std::string> compare(const std::vector<json>& expected, const std::vector<json>& actual,
                                 Depth depth) {
  std::vector<std::string> differences;
  const auto wanted = by_group(expected);
  const auto found = by_group(actual);
  const auto compare_group = [&](const std::string& group, const std::vector<const json*>& wants,
                                 const std::vector<const json*>& has) {
    for (std::size_t i = 0; i < std::max(wants.size(), has.size()); ++i) {
      const json* want = i < wants.size() ? wants[i] : nullptr;
      const json* have = i < has.size() ? has[i] : nullptr;
      const std::string names = want != nullptr && have != nullptr ? difference(*want, *have, depth)
                                                                   : std::string("one is missing");
      if (names.empty()) continue;
      differences.push_back(group + ", row " + std::to_string(i + 1) + " (expected " +
                            std::to_string(wants.size()) + ", read " + std::to_string(has.size()) +
                            "): " + names + "\n    expected " + text_of(want) + "\n    official " +
                            text_of(have));
      // What follows is most often only shifted.
      if (want == nullptr || have == nullptr) break;
    }
  };
  const std::vector<const json*> none;
  for (const auto& [group, rows] : wanted) {
    const auto at = found.find(group);
    compare_group(group, rows, at == found.end() ? none : at->second);
  }
  for (const auto& [group, rows] : found) {
    if (!wanted.contains(group)) compare_group(group, none, rows);
  }
  return differences;
}

std::string summary(const std::vector<std::string>& differences) {
  std::string text = std::to_string(differences.size()) + " difference(s)\n";
  for (std::size_t i = 0; i < differences.size() && i < 10; ++i) {
    text += "  " + differences[i] + "\n";
  }
  if (differences.size() > 10) text += "  ...\n";
  return text;
}

}  // namespace micromegas::conformance
