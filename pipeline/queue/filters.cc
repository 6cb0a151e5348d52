// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/filters.h"

#include <algorithm>
#include <utility>

namespace micromegas::queue {
namespace {

void free_all(PublishedFilters::Version* version) noexcept {
  while (version != nullptr) delete std::exchange(version, version->older);
}

}  // namespace

bool Filters::allows(Level level, std::string_view target) const noexcept {
  return log.allows(level, target) &&
         std::any_of(sinks.begin(), sinks.end(),
                     [&](const LogFilter& sink) { return sink.allows(level, target); });
}

PublishedFilters::~PublishedFilters() {
  free_all(current_.load());
  free_all(replaced_);
}

void PublishedFilters::publish(std::unique_ptr<Version> version) noexcept {
  if (Version* const old = current_.exchange(version.release())) {
    old->older = std::exchange(replaced_, old);
  }
  if (askers_.load() == 0) free_all(std::exchange(replaced_, nullptr));
}

}  // namespace micromegas::queue
