// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/report/picture.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace bench {
namespace {

constexpr int kLeft = 330;  // where bars begin
constexpr int kBars = 420;  // how long the longest is
constexpr int kLine = 20;   // height of a row
constexpr int kWidth = 960;
constexpr const char* kColours[] = {"#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951",
                                    "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e", "#9498a0"};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, std::abs(value) < 100 ? "%.3g" : "%.0f", value);
  return text;
}

std::string text(int x, int y, const char* style, const std::string& words) {
  return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" " + style + ">" +
         escaped(words) + "</text>\n";
}

// In order of their first appearance.
template <class Get>
std::vector<std::string> distinct(const std::vector<Row>& rows, Get get) {
  std::vector<std::string> out;
  for (const Row& row : rows) {
    if (std::find(out.begin(), out.end(), get(row)) == out.end()) out.push_back(get(row));
  }
  return out;
}

// Lengths of bars: as the logarithm, if the largest is a hundred times the smallest.
class Scale {
 public:
  explicit Scale(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      if (row.max > max_) max_ = row.max;
      if (row.median > 0 && (min_ == 0 || row.median < min_)) min_ = row.median;
    }
    logarithmic_ = min_ > 0 && max_ / min_ > 100;
    if (logarithmic_) min_ = std::pow(10, std::floor(std::log10(min_)));
  }
  [[nodiscard]] bool logarithmic() const { return logarithmic_; }
  [[nodiscard]] int length(double value) const {
    if (value <= 0 || max_ <= 0) return 0;
    const double part =
        logarithmic_ ? std::log(value / min_) / std::log(max_ / min_) : value / max_;
    return static_cast<int>(std::lround(std::clamp(part, 0.0, 1.0) * kBars));
  }

 private:
  double min_ = 0;
  double max_ = 0;
  bool logarithmic_ = false;
};

std::string label(const Row& row) {
  return row.name + (row.threads > 1 ? ", " + std::to_string(row.threads) + " threads" : "");
}

std::string bar(const Row& row, const Scale& scale, const char* colour, int y) {
  const int length = std::max(1, scale.length(row.median));
  const int low = kLeft + scale.length(row.min);
  const int high = kLeft + scale.length(row.max);
  const std::string middle = std::to_string(y + kLine / 2 - 1);
  std::string out = "<rect x=\"" + std::to_string(kLeft) + "\" y=\"" + std::to_string(y + 3) +
                    "\" width=\"" + std::to_string(length) + "\" height=\"" +
                    std::to_string(kLine - 8) + "\" fill=\"" + colour + "\"/>\n";
  out += "<path d=\"M" + std::to_string(low) + " " + middle + "H" + std::to_string(high) +
         "\" stroke=\"#333\"/>\n";
  std::string words = number(row.median);
  if (row.ratio > 0) words += "  (" + number(row.ratio) + " clock reads)";
  return out + text(std::max(kLeft + length, high) + 6, y + kLine - 7, "", words);
}

}  // namespace

std::string picture(const std::string& question, const std::string& caption,
                    const std::vector<Row>& all) {
  std::vector<Row> rows;
  for (const Row& row : all) {
    if (row.not_counted.empty()) rows.push_back(row);
  }
  if (rows.empty()) return {};
  const auto libraries = distinct(rows, [](const Row& row) { return row.library; });
  std::string body;
  int y = 60;
  for (const std::string& unit : distinct(rows, [](const Row& row) { return row.unit; })) {
    std::vector<Row> panel;
    for (const Row& row : rows) {
      if (row.unit == unit) panel.push_back(row);
    }
    const Scale scale(panel);
    body += text(kLeft, y + 14, "font-weight=\"bold\"",
                 unit + (scale.logarithmic() ? ", logarithmic" : ""));
    y += kLine;
    for (const std::string& name : distinct(panel, label)) {
      bool first = true;
      for (std::size_t l = 0; l < libraries.size(); ++l) {
        for (const Row& row : panel) {
          if (label(row) != name || row.library != libraries[l]) continue;
          if (first) body += text(kLeft - 10, y + kLine - 7, "text-anchor=\"end\"", name);
          first = false;
          body += bar(row, scale, kColours[l % std::size(kColours)], y);
          y += kLine;
        }
      }
    }
    y += kLine / 2;
  }
  std::string legend;
  int x = 20;
  for (std::size_t l = 0; l < libraries.size(); ++l) {
    legend += "<rect x=\"" + std::to_string(x) + "\" y=\"44\" width=\"10\" height=\"10\" fill=\"" +
              kColours[l % std::size(kColours)] + "\"/>\n" + text(x + 15, 53, "", libraries[l]);
    x += 30 + 7 * static_cast<int>(libraries[l].size());
  }
  const std::string height = std::to_string(y + 10);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + std::to_string(kWidth) +
         "\" height=\"" + height + "\" font-family=\"sans-serif\" font-size=\"12\">\n" +
         "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n" +
         text(20, 20, "font-size=\"15\" font-weight=\"bold\"", question) +
         text(20, 36, "fill=\"#666\"", caption) + legend + body + "</svg>\n";
}

}  // namespace bench
