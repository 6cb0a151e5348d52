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

bool is_absent(const Row& row) { return row.name == kMissing || row.name == kFailed; }

std::vector<Row> of(const std::vector<Row>& rows, std::string_view question) {
  std::vector<Row> out;
  for (const Row& row : rows) {
    if (row.question == question && !is_absent(row)) out.push_back(row);
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

// A ratio, and its spread where that shows: "2.1 (1.9 to 3)".
std::string cell(const Row* row) {
  if (row == nullptr) return " |";
  if (!row->not_counted.empty()) return " not counted |";
  const std::string ratio = number(row->ratio);
  const double clock_ns = row->ratio > 0 ? row->median / row->ratio : 0;
  if (clock_ns == 0) return " " + ratio + " |";
  const std::string min = number(row->min / clock_ns);
  const std::string max = number(row->max / clock_ns);
  if (min == ratio && max == ratio) return " " + ratio + " |";
  return " " + ratio + " (" + min + " to " + max + ") |";
}

// Median, smallest, largest.
std::string figures(const Row& row) {
  if (!row.not_counted.empty()) return " not counted | | |";
  return " " + number(row.median) + " | " + number(row.min) + " | " + number(row.max) + " |";
}

const Row* find(const std::vector<Row>& rows, const Row& like, const std::string& library) {
  for (const Row& row : rows) {
    if (row.name == like.name && row.threads == like.threads && row.library == library) return &row;
  }
  return nullptr;
}

// Ratios: a line per case of ours, a column per library.
std::string ratios(const std::vector<Row>& rows) {
  if (rows.empty()) return "Not measured.\n";
  const auto libraries = libraries_of(rows);
  std::string out = "| | ns |";
  std::string rule = "|---|---|";
  for (const std::string& library : libraries) {
    out += " " + library + " |";
    rule += "---|";
  }
  out += "\n" + rule + "\n";
  for (const Row& row : rows) {
    if (row.library != kOurs) continue;
    std::string name = row.name;
    if (row.question == "threads") name += ", " + std::to_string(row.threads);
    out += "| " + name + " |" + (row.not_counted.empty() ? " " + number(row.median) : "") + " |";
    for (const std::string& library : libraries) out += cell(find(rows, row, library));
    out += "\n";
  }
  return out;
}

std::string plain(const std::vector<Row>& rows) {
  if (rows.empty()) return "Not measured.\n";
  std::string out =
      "| | library | threads | unit | median | min | max |\n|---|---|---|---|---|---|---|\n";
  for (const Row& row : rows) {
    out += "| " + row.name + " | " + row.library + " | " + std::to_string(row.threads) + " | " +
           row.unit + " |" + figures(row) + "\n";
  }
  return out;
}

// Each library that is missing, once; each question that a program failed to answer.
std::string missing(const std::vector<Row>& rows) {
  std::vector<std::string> all;
  for (const Row& row : rows) {
    if (!is_absent(row)) continue;
    std::string one = row.library;
    if (row.name == kFailed) one += " in " + row.question;
    // "missing: why".
    one += " (" + row.not_counted.substr(row.name == kMissing ? sizeof kMissing + 1 : 0) + ")";
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
  }
  std::string out;
  for (const std::string& one : all) out += (out.empty() ? "Missing: " : "; ") + one;
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
      ratios(of(rows, "warm")));
  add("The same with 1, 2, 4 and 16 producers at once; the slowest of them:",
      ratios(of(rows, "threads")));
  add("Batches of 20, 2 ms of sleep between them (_busy: of clock reads), delivering over HTTP:",
      ratios(of(rows, "paced")));
  add("An event for which nothing is ready: the first of a thread, of a call site, and one after "
      "64 MiB of other memory were touched, beside a clock read after the same:",
      plain(of(rows, "cold")));
  add("16 threads as fast as they can for 10 s, with a server that is there, slow, or away:",
      plain(of(rows, "storm")));
  add("Resident memory of threads that have recorded:", plain(of(rows, "memory")));
  add("Behind it, processor time from the queue to the socket, and bytes on the wire by level of "
      "LZ4 (0 is the library's):",
      plain(of(rows, "background")));
  add("1,000 log statements:", plain(of(rows, "compile")));
  add("The demo's job without instrumentation, with it, and delivering:",
      plain(of(rows, "application")));
  tables += missing(rows);
  return text.substr(0, begin + kBegin.size()) + tables + text.substr(end);
}

}  // namespace bench
