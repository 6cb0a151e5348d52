// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/aggregates.h"

#include <bit>
#include <limits>
#include <new>
#include <string_view>
#include <thread>
#include <utility>

#include "micromegas/pipeline/queue/catalogue.h"

namespace micromegas::queue {
namespace {

constexpr int kTries = 64;                        // at a bank that is being added to
constexpr std::chrono::microseconds kPause{200};  // before the next ones

// What a histogram becomes, in this order.
constexpr std::string_view kSuffixes[] = {".count", ".sum", ".min", ".max", ".p50", ".p90", ".p99"};

std::string key_of(AggregateKind kind, const StaticMetricMetadata& m, std::uint32_t property_set) {
  std::string key(1, static_cast<char>(kind));
  for (std::string_view field : {m.name, m.unit, m.target}) {
    key += std::to_string(field.size());
    key += ' ';
    key += field;
  }
  return key + std::to_string(property_set);
}

}  // namespace

std::uint32_t Aggregates::add(AggregateKind kind, const StaticMetricMetadata& metadata,
                              std::uint32_t property_set, Catalogue& catalogue) {
  std::string key = key_of(kind, metadata, property_set);
  const std::lock_guard lock(mutex_);
  if (const auto found = indices_.find(key); found != indices_.end()) return found->second;
  if (all_.size() >= kMaxAggregates) return 0;
  Aggregate aggregate{kind, property_set, {}, {}, {}};
  const auto register_as = [&](std::string_view name, std::string_view unit) {
    StaticMetricMetadata named{.verbosity = metadata.verbosity,
                               .name = name,
                               .unit = unit,
                               .target = metadata.target,
                               .file = metadata.file,
                               .line = metadata.line};
    return catalogue.add_metric(named, ArgList{});
  };
  if (kind == AggregateKind::kCounter) {
    aggregate.ids[0] = register_as(metadata.name, metadata.unit);
  } else {
    for (std::size_t i = 0; i < kHistogramMetrics; ++i) {
      aggregate.ids[i] = register_as(std::string(metadata.name).append(kSuffixes[i]),
                                     i == 0 ? "count" : metadata.unit);
      if (aggregate.ids[i] == 0) return 0;
    }
  }
  if (aggregate.ids[0] == 0) return 0;
  const auto index = static_cast<std::uint32_t>(all_.size() + 1);
  const auto entry = indices_.emplace(std::move(key), index).first;
  try {
    all_.push_back(std::move(aggregate));
  } catch (...) {
    indices_.erase(entry);
    throw;
  }
  return index;
}

void* Aggregates::add_cell(std::uint32_t index) {
  const std::lock_guard lock(mutex_);
  Aggregate& aggregate = all_[index - 1];
  if (aggregate.kind == AggregateKind::kCounter) {
    aggregate.counters.push_back(std::make_unique<CounterCell>());
    aggregate.counters.back()->property_set = aggregate.property_set;
    return aggregate.counters.back().get();
  }
  constexpr std::size_t kBytes = sizeof(HistogramBank) + sizeof(HistogramCell);
  if (histogram_bytes_ + kBytes > kMaxHistogramBytes) {
    full_.store(true, std::memory_order_relaxed);
    return nullptr;
  }
  auto bank = std::make_unique<HistogramBank>();
  aggregate.histograms.push_back(std::make_unique<HistogramCell>());
  histogram_bytes_ += kBytes;
  HistogramCell& cell = *aggregate.histograms.back();
  cell.property_set = aggregate.property_set;
  cell.bank.store(bank.release(), std::memory_order_release);
  return &cell;
}

bool Aggregates::is_of(std::uint32_t index, std::uint32_t property_set) {
  const std::lock_guard lock(mutex_);
  return all_[index - 1].property_set == property_set;
}

// Null: there are no more.
const Aggregates::Aggregate* Aggregates::list_cells(std::size_t at) {
  counters_.clear();
  histograms_.clear();
  const std::lock_guard lock(mutex_);
  if (at >= all_.size()) return nullptr;
  const Aggregate& aggregate = all_[at];
  for (const auto& cell : aggregate.counters) counters_.push_back(cell.get());
  for (const auto& cell : aggregate.histograms) histograms_.push_back(cell.get());
  return &aggregate;
}

// Stops at the greatest value.
std::uint64_t Aggregates::take_count() {
  std::uint64_t sum = 0;
  bool full = false;
  for (CounterCell* const cell : counters_) {
    const std::uint64_t grown = cell->take();
    if (__builtin_add_overflow(sum, grown, &sum)) full = true;
  }
  return full ? std::numeric_limits<std::uint64_t>::max() : sum;
}

// Into taken_. False while its thread adds to it.
bool Aggregates::take_bank(HistogramCell& cell) {
  for (int i = 0; i < kTries; ++i) {
    HistogramBank* bank = cell.bank.load(std::memory_order_relaxed);
    if (bank != nullptr &&
        cell.bank.compare_exchange_strong(bank, spare_.get(), std::memory_order_acq_rel,
                                          std::memory_order_relaxed)) {
      static_cast<void>(spare_.release());  // the cell's now
      taken_.reset(bank);
      return true;
    }
    std::this_thread::yield();
  }
  return false;
}

// Into sum_. Returns the banks that did not come.
std::size_t Aggregates::take_histogram(std::chrono::steady_clock::time_point deadline) {
  // Nothing may be thrown once something has been taken.
  if (sum_ == nullptr) sum_ = std::make_unique<HistogramSum>();
  if (spare_ == nullptr) spare_ = std::make_unique<HistogramBank>();
  *sum_ = {};
  while (true) {
    std::size_t out = 0;
    for (HistogramCell* const cell : histograms_) {
      if (cell->taken_in == collection_) continue;
      if (!take_bank(*cell)) {
        ++out;
        continue;
      }
      cell->taken_in = collection_;
      if (taken_->count != 0) {
        sum_->add(*taken_);
        *taken_ = {};
      }
      spare_ = std::move(taken_);
    }
    if (out == 0 || std::chrono::steady_clock::now() >= deadline) return out;
    std::this_thread::sleep_for(kPause);
  }
}

std::size_t Aggregates::collect(FunctionRef<void(const AggregateMetric&)> visit,
                                std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::size_t missed = 0;
  ++collection_;
  std::size_t at = 0;
  while (const Aggregate* const aggregate = list_cells(at++)) {
    const auto& ids = aggregate->ids;
    const std::uint32_t set = aggregate->property_set;
    if (aggregate->kind == AggregateKind::kCounter) {
      const std::uint64_t count = take_count();
      if (count != 0) visit({ids[0], set, false, count});
      continue;
    }
    if (histograms_.empty()) continue;
    missed += take_histogram(deadline);
    if (sum_->count == 0) continue;
    visit({ids[0], set, false, sum_->count});
    const double values[] = {
        sum_->sum,           sum_->min, sum_->max, sum_->percentile(50), sum_->percentile(90),
        sum_->percentile(99)};
    for (std::size_t value = 0; value < std::size(values); ++value) {
      visit({ids[value + 1], set, true, std::bit_cast<std::uint64_t>(values[value])});
    }
  }
  return missed;
}

void Aggregates::discard() {
  collect([](const AggregateMetric&) {}, std::chrono::milliseconds(0));
}

void Aggregates::after_fork_child() noexcept {
  for (Aggregate& aggregate : all_) {  // left behind: other threads had them
    new (&aggregate.counters) std::vector<std::unique_ptr<CounterCell>>;
    new (&aggregate.histograms) std::vector<std::unique_ptr<HistogramCell>>;
  }
  // The actor may have been collecting: a bank may be in a cell and here.
  new (&counters_) std::vector<CounterCell*>;
  new (&histograms_) std::vector<HistogramCell*>;
  new (&spare_) std::unique_ptr<HistogramBank>;
  new (&taken_) std::unique_ptr<HistogramBank>;
  new (&sum_) std::unique_ptr<HistogramSum>;
  histogram_bytes_ = 0;
  full_.store(false, std::memory_order_relaxed);
}

}  // namespace micromegas::queue
