// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Which logs are let through, by level and target:
//
//   LogFilter filter = LevelFilter::kInfo;
//   LogFilter filter(LevelFilter::kInfo, {{"net", LevelFilter::kDebug}});
//   Result<LogFilter> filter = parse_log_filter("info,net=debug", "MICROMEGAS_LOG");
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_LOG_FILTER_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_LOG_FILTER_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "micromegas/pipeline/instrument/level.h"
#include "micromegas/platform/result.h"

namespace micromegas {

// By prefix of the target, as text: "net" fits "network" too.
using TargetLevels = std::map<std::string, LevelFilter, std::less<>>;

struct LogFilter {
  LogFilter() = default;
  LogFilter(LevelFilter level, TargetLevels levels = {})  // NOLINT: a level is a filter
      : max_level(level), targets(std::move(levels)) {}

  LevelFilter max_level = LevelFilter::kTrace;  // of targets that no prefix fits
  TargetLevels targets = {};                    // the longest prefix that fits wins

  [[nodiscard]] bool allows(Level level, std::string_view target) const noexcept;
  [[nodiscard]] bool allows_everything() const noexcept;
  // The most that it lets through of any target.
  [[nodiscard]] LevelFilter most() const noexcept;

  friend bool operator==(const LogFilter&, const LogFilter&) = default;
};

// "info,net=debug,db.pool=off": at most one level without a target, which is that of all others;
// without one it is `otherwise`. Levels in any case; blanks around entries, targets and levels go;
// the last '=' splits. An error begins with `where`, and shows the place:
//
//   MICROMEGAS_LOG, column 10: 'debgu' is no level: use off, fatal, error, warn, info, debug or
//   trace
//     info,net=debgu
//              ^
Result<LogFilter> parse_log_filter(std::string_view text, std::string_view where,
                                   LevelFilter otherwise = LevelFilter::kTrace);

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_LOG_FILTER_H_
