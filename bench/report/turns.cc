// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/report/turns.h"

#include <algorithm>
#include <utility>

#include "micromegas/bench/harness/measure.h"

namespace bench {

Row merge(const std::vector<Row>& repetitions) {
  Row merged = repetitions.front();
  std::vector<double> medians;
  std::vector<double> ratios;
  for (const Row& row : repetitions) {
    if (!row.not_counted.empty()) return row;
    medians.push_back(row.median);
    ratios.push_back(row.ratio);
  }
  merged.median = percentile(medians, 0.5);
  merged.min = medians.front();
  merged.max = medians.back();
  merged.ratio = percentile(ratios, 0.5);
  return merged;
}

std::vector<Answer> ask_in_turns(std::size_t programs, int turns,
                                 const std::function<Answer(std::size_t)>& ask) {
  std::vector<Answer> merged(programs);
  std::vector<std::vector<std::vector<Row>>> rows(programs);  // by program and name
  for (int turn = 0; turn < turns; ++turn) {
    for (std::size_t p = 0; p < programs; ++p) {
      if (!merged[p].why.empty()) continue;
      Answer answer = ask(p);
      merged[p].why = std::move(answer.why);
      for (Row& row : answer.rows) {
        const auto same = std::find_if(rows[p].begin(), rows[p].end(), [&](const auto& known) {
          return known.front().name == row.name;
        });
        if (same != rows[p].end()) {
          same->push_back(std::move(row));
        } else {
          rows[p].push_back({std::move(row)});
        }
      }
    }
  }
  for (std::size_t p = 0; p < programs; ++p) {
    for (const auto& same : rows[p]) merged[p].rows.push_back(merge(same));
  }
  return merged;
}

}  // namespace bench
