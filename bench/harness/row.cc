// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/harness/row.h"

#include <cstdio>

namespace bench {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

}  // namespace

std::string to_json(const Row& row) {
  std::string out = "{\"question\": " + quoted(row.question) + ", \"case\": " + quoted(row.name) +
                    ", \"library\": " + quoted(row.library) +
                    ", \"threads\": " + std::to_string(row.threads) +
                    ", \"unit\": " + quoted(row.unit);
  if (!row.not_counted.empty()) {
    return out + ", \"median\": null, \"min\": null, \"max\": null, \"ratio\": null, " +
           "\"not_counted\": " + quoted(row.not_counted) + "}";
  }
  return out + ", \"median\": " + number(row.median) + ", \"min\": " + number(row.min) +
         ", \"max\": " + number(row.max) + ", \"ratio\": " + number(row.ratio) + "}";
}

void print(const Row& row) {
  std::printf("%s\n", to_json(row).c_str());
  std::fflush(stdout);
}

}  // namespace bench
