// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/system_monitor.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/instrument/metadata.h"

namespace micromegas {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr int kShare = 100;  // a look may take 1/100 of the time

constinit std::atomic<std::int64_t> g_period_ms{0};

struct Metric {
  StaticMetricMetadata metadata;
  constexpr Metric(std::string_view name, std::string_view unit)
      : metadata{.verbosity = Verbosity::kMin, .name = name, .unit = unit, .target = "micromegas"} {
  }
};

constinit Metric total_memory{"total_memory", "bytes"};
constinit Metric used_memory{"used_memory", "bytes"};
constinit Metric free_memory{"free_memory", "bytes"};
constinit Metric cpu_usage{"cpu_usage", "percent"};
constinit Metric network_received{"network_received_bytes", "bytes"};
constinit Metric network_sent{"network_sent_bytes", "bytes"};
constinit Metric process_cpu_usage{"process_cpu_usage", "percent"};
constinit Metric process_resident{"process_resident_bytes", "bytes"};
constinit Metric process_virtual{"process_virtual_bytes", "bytes"};
constinit Metric process_threads{"process_threads", "count"};
constinit Metric process_descriptors{"process_open_descriptors", "count"};
constinit Metric minor_faults{"process_minor_faults", "count"};
constinit Metric major_faults{"process_major_faults", "count"};
constinit Metric voluntary{"process_voluntary_context_switches", "count"};
constinit Metric involuntary{"process_involuntary_context_switches", "count"};
constinit Metric process_read{"process_read_bytes", "bytes"};
constinit Metric process_written{"process_written_bytes", "bytes"};
constinit Metric cgroup_memory_limit{"cgroup_memory_limit", "bytes"};
constinit Metric cgroup_memory_used{"cgroup_memory_used", "bytes"};
constinit Metric cgroup_cpu_limit{"cgroup_cpu_limit", "processors"};
constinit Metric cgroup_cpu_throttled{"cgroup_cpu_throttled", "ns"};

void record(const Metric& metric, std::uint64_t value) {
  dispatch::int_metric(metric.metadata, value);
}
void record(const Metric& metric, double value) { dispatch::float_metric(metric.metadata, value); }

// Since the last look; the system may count backwards.
std::uint64_t grown(std::uint64_t before, std::uint64_t now) { return now - std::min(before, now); }
void record_growth(const Metric& metric, std::uint64_t before, std::uint64_t now) {
  record(metric, grown(before, now));
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void record_machine(const SystemUsage& before, const SystemUsage& now) {
  if (now.memory) {
    record(total_memory, now.memory->total);
    record(used_memory, now.memory->total - now.memory->available);
    record(free_memory, now.memory->free);
  }
  if (before.cpu && now.cpu) {
    const std::uint64_t total = grown(before.cpu->total, now.cpu->total);
    const std::uint64_t busy = grown(before.cpu->busy, now.cpu->busy);
    if (total > 0) record(cpu_usage, std::min(percent(busy, total), 100.0));
  }
  if (before.network && now.network) {
    record_growth(network_received, before.network->received, now.network->received);
    record_growth(network_sent, before.network->sent, now.network->sent);
  }
}

void record_process(const SystemUsage& before, const SystemUsage& now, nanoseconds period) {
  const ProcessTotals& a = before.totals;
  const ProcessTotals& b = now.totals;
  const auto whole = static_cast<std::uint64_t>(std::max<std::int64_t>(period.count(), 0));
  if (whole > 0) record(process_cpu_usage, percent(grown(a.cpu_ns, b.cpu_ns), whole));
  if (now.process) {
    static const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    record(process_resident, now.process->resident_pages * page);
    record(process_virtual, now.process->virtual_bytes);
    record(process_threads, now.process->threads);
  }
  if (now.descriptors) record(process_descriptors, *now.descriptors);
  record_growth(minor_faults, a.minor_faults, b.minor_faults);
  record_growth(major_faults, a.major_faults, b.major_faults);
  record_growth(voluntary, a.voluntary_switches, b.voluntary_switches);
  record_growth(involuntary, a.involuntary_switches, b.involuntary_switches);
  record_growth(process_read, a.read_bytes, b.read_bytes);
  record_growth(process_written, a.written_bytes, b.written_bytes);
}

void record_cgroup(const CgroupUsage& before, const CgroupUsage& now) {
  if (now.memory_limit) record(cgroup_memory_limit, *now.memory_limit);
  if (now.memory_used) record(cgroup_memory_used, *now.memory_used);
  if (now.cpu_limit) record(cgroup_cpu_limit, *now.cpu_limit);
  if (before.cpu_throttled_ns && now.cpu_throttled_ns) {
    record_growth(cgroup_cpu_throttled, *before.cpu_throttled_ns, *now.cpu_throttled_ns);
  }
}

}  // namespace

void record_system_metrics(const SystemUsage& before, const SystemUsage& now, nanoseconds period) {
  record_machine(before, now);
  record_process(before, now, period);
  record_cgroup(before.cgroup, now.cgroup);
}

void SystemMonitor::set_period(std::chrono::milliseconds period) noexcept {
  g_period_ms.store(period.count(), std::memory_order_relaxed);
}

void SystemMonitor::poll(steady_clock::time_point now) {
  const std::chrono::milliseconds period(g_period_ms.load(std::memory_order_relaxed));
  if (period.count() <= 0) {
    last_.reset();
    return;
  }
  if (last_ && now - last_->at < std::max<nanoseconds>(period, pause_)) return;
  if (!reader_) reader_.emplace();
  Look look{steady_clock::now(), reader_->read()};
  pause_ = (steady_clock::now() - look.at) * kShare;
  if (last_) record_system_metrics(last_->usage, look.usage, look.at - last_->at);
  last_ = look;
}

}  // namespace micromegas
