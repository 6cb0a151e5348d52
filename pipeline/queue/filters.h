// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is recorded, and how call sites ask.
#ifndef MICROMEGAS_PIPELINE_QUEUE_FILTERS_H_
#define MICROMEGAS_PIPELINE_QUEUE_FILTERS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/instrument/level.h"
#include "micromegas/pipeline/instrument/log_filter.h"

namespace micromegas::queue {

struct Filters {
  // A log is recorded if both say so: the first, and one of those of the sinks.
  LogFilter log = LevelFilter::kInfo;
  std::vector<LogFilter> sinks{LogFilter()};
  VerbosityFilter max_verbosity = VerbosityFilter::kMax;  // of metrics and spans
  bool spans = true;

  [[nodiscard]] bool allows(Level level, std::string_view target) const noexcept;
};

// The filters in force, which any thread may ask without a lock, while another publishes new ones.
//
// A change replaces them as a whole, and what it replaces is freed once nobody is asking. All that
// matters is sequentially consistent: askers count themselves in, read the pointer, and count
// themselves out; the publisher exchanges the pointer and then reads the count. If it reads 0, who
// counts in later reads the new pointer, and who has counted in earlier has counted out, so is done
// with the old one. If not, the old one waits for the next change: a question takes less than a
// microsecond, so a few are left at most.
class PublishedFilters {
 public:
  PublishedFilters() = default;
  ~PublishedFilters();
  PublishedFilters(const PublishedFilters&) = delete;
  PublishedFilters& operator=(const PublishedFilters&) = delete;

  struct Version {
    Filters filters;
    Version* older = nullptr;
  };

  // One thread at a time. Null: from now on nothing is enabled.
  void publish(std::unique_ptr<Version> version) noexcept;

  // decide(filters); false if there are none. `decide` must not throw. Any thread.
  template <class Decide>
  bool ask(Decide decide) const noexcept {
    askers_.fetch_add(1);
    const Version* const version = current_.load();
    const bool answer = version != nullptr && decide(version->filters);
    askers_.fetch_sub(1);
    return answer;
  }

  // As if nothing had been published; what was is left behind. Threads that were asking do not
  // exist in a forked child.
  void after_fork_child() noexcept {
    current_.store(nullptr);
    replaced_ = nullptr;
    askers_.store(0);
  }

 private:
  std::atomic<Version*> current_{nullptr};
  mutable std::atomic<std::uint32_t> askers_{0};
  Version* replaced_ = nullptr;  // the publisher's: what may still be read
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_FILTERS_H_
