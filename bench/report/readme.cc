// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/report/readme.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace bench {
namespace {

constexpr std::string_view kBegin = "<!-- bench -->\n";
constexpr std::string_view kEnd = "<!-- /bench -->";
constexpr std::string_view kOurs = "micromegas-cpp";

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, std::abs(value) < 10 ? "%.2f" : "%.0f", value);
  return text;
}

std::vector<Row> of(const std::vector<Row>& rows, std::string_view question) {
  std::vector<Row> out;
  for (const Row& row : rows) {
    if (row.question == question && row.name != "missing") out.push_back(row);
  }
  return out;
}

std::vector<std::string> libraries_of(const std::vector<Row>& rows) {
  std::vector<std::string> out;
  for (const Row& row : rows) {
    if (std::find(out.begin(), out.end(), row.library) == out.end()) out.push_back(row.library);
  }
  return out;
}

std::string cell(const Row* row) {
  if (row == nullptr) return " |";
  if (!row->not_counted.empty()) return " not counted |";
  return " " + number(row->ratio) + " |";
}

const Row* find(const std::vector<Row>& rows, const Row& like, const std::string& library) {
  for (const Row& row : rows) {
    if (row.name == like.name && row.threads == like.threads && row.library == library) return &row;
  }
  return nullptr;
}

// Ratios: a line per case of ours, a column per library.
std::string ratios(const std::vector<Row>& rows) {
  const auto libraries = libraries_of(rows);
  std::string out = "| | ns: median | min | max |";
  std::string rule = "|---|---|---|---|";
  for (const std::string& library : libraries) {
    out += " " + library + " |";
    rule += "---|";
  }
  out += "\n" + rule + "\n";
  for (const Row& row : rows) {
    if (row.library != kOurs || (row.name == "clock_read" && row.question == "threads")) continue;
    std::string name = row.name;
    if (row.question == "threads") name += ", " + std::to_string(row.threads) + " threads";
    out += "| " + name + " | " + number(row.median) + " | " + number(row.min) + " | " +
           number(row.max) + " |";
    for (const std::string& library : libraries) out += cell(find(rows, row, library));
    out += "\n";
  }
  return out;
}

std::string plain(const std::vector<Row>& rows) {
  std::string out =
      "| | library | threads | unit | median | min | max |\n|---|---|---|---|---|---|---|\n";
  for (const Row& row : rows) {
    if (!row.not_counted.empty()) continue;
    out += "| " + row.name + " | " + row.library + " | " + std::to_string(row.threads) + " | " +
           row.unit + " | " + number(row.median) + " | " + number(row.min) + " | " +
           number(row.max) + " |\n";
  }
  return out;
}

std::string missing(const std::vector<Row>& rows) {
  std::string out;
  for (const Row& row : rows) {
    if (row.name != "missing" || row.question != "warm") continue;
    out += (out.empty() ? "Missing: " : "; ") + row.library + " (" +
           row.not_counted.substr(std::string_view("missing: ").size()) + ")";
  }
  return out.empty() ? out : "\n" + out + ".\n";
}

}  // namespace

std::string with_tables(const std::string& text, const std::string& where,
                        const std::vector<Row>& rows) {
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  std::string tables = "_" + where + "._\n";
  const auto add = [&](const char* title, const std::string& table) {
    tables += std::string("\n") + title + "\n\n" + table;
  };
  add("In a tight loop, one producer. Ratios to the clock read, by library:",
      ratios(of(rows, "warm")) + missing(rows));
  add("Batches of 20 with 2 ms between them, delivering over HTTP:", ratios(of(rows, "paced")));
  std::vector<Row> memory = of(rows, "memory");
  std::erase_if(memory, [](const Row& row) { return row.name != "idle_threads"; });
  add("Resident memory of threads that have recorded:", plain(memory));
  std::vector<Row> background = of(rows, "background");
  std::erase_if(background, [](const Row& row) {
    return !row.name.ends_with("_cpu") && !row.name.ends_with("_level_0");
  });
  add("Behind it, processor time from the queue to the socket, and bytes on the wire:",
      plain(background));
  add("1,000 log statements:", plain(of(rows, "compile")));
  return text.substr(0, begin + kBegin.size()) + tables + text.substr(end);
}

}  // namespace bench
