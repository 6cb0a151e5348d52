// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/telemetry.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "micromegas/drop_reporter.h"
#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/pipeline/instrument/context_names.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/sink/composite_sink.h"
#include "micromegas/pipeline/sink/console_sink.h"
#include "micromegas/pipeline/sink/redactor.h"
#include "micromegas/platform/deadline.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/signals.h"
#include "micromegas/platform/terminate.h"
#include "micromegas/process_end.h"
#include "micromegas/sampling.h"
#include "micromegas/system_monitor.h"
#include "micromegas/telemetry_family.h"
#include "micromegas/telemetry_options.h"
#include "micromegas/transport/http_sink.h"

namespace micromegas {
namespace {

using std::chrono::steady_clock;

std::atomic<bool> g_report_end{false};
std::atomic<std::int64_t> g_end_wait_ms{0};

std::chrono::milliseconds end_wait() {
  return std::chrono::milliseconds(g_end_wait_ms.load(std::memory_order_relaxed));
}

// Flushes instead of ending: the program may have a handler of its own, which runs next. While
// telemetry ends, waits for that.
void on_exit_signal(int signal) {
  const auto process = pipeline::session_process();
  if (process != nullptr && g_report_end.load(std::memory_order_relaxed) &&
      exit_signal_ends_the_process(signal)) {
    record_clean_end(process->start_time, signal_name(signal));
  }
  flush(end_wait());
}

void on_terminate(std::string_view why) { report_terminate(why, end_wait()); }

// What telemetry keeps of its sinks until the next start.
struct Sinks {
  std::weak_ptr<CompositeSink> all;  // ends with its session
  std::optional<std::size_t> console;
  std::optional<std::size_t> upload;
  std::shared_ptr<HttpSink> http;
};

std::shared_ptr<HttpSink> http_sink() {
  const auto sinks = std::static_pointer_cast<Sinks>(pipeline::session_companion());
  return sinks != nullptr ? sinks->http : nullptr;
}

// Replaces the filter of the sink that `index` picks, for its lines and blocks and for what is
// recorded at all.
template <class Index>
Result<void> change_sink_filter(std::string_view text, std::string_view where,
                                LevelFilter otherwise, Index index) {
  Result<LogFilter> filter = parse_log_filter(text, where, otherwise);
  if (!filter) return filter.error();
  const auto sinks = std::static_pointer_cast<Sinks>(pipeline::session_companion());
  const std::shared_ptr<CompositeSink> all = sinks != nullptr ? sinks->all.lock() : nullptr;
  if (all == nullptr || !pipeline::session_running(0)) {
    return Error(std::string(where) + ": telemetry is not running: call init_telemetry() first");
  }
  const std::optional<std::size_t> at = index(*sinks, *all);
  if (!at) return Error(std::string(where) + ": telemetry was started without this sink");
  queue::Runtime::get().change_filters([&](queue::Filters& filters) {
    if (*at >= filters.sinks.size()) return;  // another session has begun meanwhile
    filters.sinks[*at] = *filter;
    all->set_filter(*at, std::move(*filter));
  });
  return {};
}

// Of the upload's memory, what leaves room for all that may be on its way to it: the queues and the
// blocks being built, half as much again once they are blocks (room to grow, the order of their
// events). Half of it at least is for what waits for the server.
std::size_t open_bytes(const ResolvedOptions& o) {
  const std::size_t records = o.queue_bytes + o.flush.log_block_bytes +
                              o.flush.metrics_block_bytes + o.flush.thread_block_bytes;
  const std::size_t on_the_way = records + records / 2;
  return std::max(o.upload_hard_bytes / 2,
                  o.upload_hard_bytes - std::min(o.upload_hard_bytes, on_the_way));
}

Result<std::shared_ptr<HttpSink>> make_http_sink(ResolvedOptions& options) {
  HttpSinkOptions sink;
  sink.url = options.url;
  sink.api_key = std::move(options.api_key);
  sink.oidc_token_endpoint = options.oidc_token_endpoint;
  sink.oidc_client_id = options.oidc_client_id;
  sink.oidc_client_secret = std::move(options.oidc_client_secret);
  sink.oidc_audience = options.oidc_audience;
  sink.oidc_token_buffer = options.oidc_token_buffer;
  sink.credential_provider = options.credential_provider;
  sink.ca_file = options.ca_file;
  sink.client_certificate_file = options.client_certificate_file;
  sink.client_key_file = options.client_key_file;
  sink.soft_queue_bytes = options.upload_soft_bytes;
  sink.hard_queue_bytes = options.upload_hard_bytes;
  sink.waiting[static_cast<std::size_t>(StreamKind::kLog)] = (options.wait & queue::kLogKinds) != 0;
  sink.waiting[static_cast<std::size_t>(StreamKind::kMetrics)] =
      (options.wait & queue::kMetricKinds) != 0;
  sink.waiting[static_cast<std::size_t>(StreamKind::kThread)] =
      (options.wait & queue::kSpanKinds) != 0;
  if (options.wait != 0) sink.open_queue_bytes = open_bytes(options);
  sink.max_in_flight = options.max_in_flight;
  sink.request_timeout = options.request_timeout;
  sink.wire_compatibility = options.wire_compatibility;
  sink.shutdown_deadline = options.shutdown_deadline;
  return HttpSink::create(std::move(sink));
}

// Of which kinds threads that wait are to wait for the upload. Spans give way first.
std::function<queue::Kinds()> fill_level(std::shared_ptr<HttpSink> sink, const ResolvedOptions& o) {
  const std::size_t open = open_bytes(o);
  return [sink = std::move(sink), soft = std::min(o.upload_soft_bytes, open), open] {
    const std::size_t held = sink->bytes_held();
    return static_cast<queue::Kinds>((held >= soft ? queue::kSpanKinds : 0) |
                                     (held >= open ? queue::kLogKinds | queue::kMetricKinds : 0));
  };
}

void say_what_was_lost() {
  const TelemetryStats end = stats();
  const KindStats total = end.total();
  if (total.dropped_total() == 0 && total.held == 0) return;
  std::string line = std::to_string(total.dropped_total() + total.held) + " of " +
                     std::to_string(total.recorded) + " events were lost:";
  for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
    if (total.dropped[reason] == 0) continue;
    line += " " + std::string(to_string(static_cast<DropReason>(reason))) + " " +
            std::to_string(total.dropped[reason]);
  }
  if (total.held != 0) line += " unread " + std::to_string(total.held);
  diagnose("telemetry.lost", line + " (docs/data-loss.md)");
}

std::string_view reason_of(pipeline::EndedBy by) {
  switch (by) {
    case pipeline::EndedBy::kGuard:
      return "guard";
    case pipeline::EndedBy::kExit:
      return "exit";
    case pipeline::EndedBy::kShutdown:
      break;
  }
  return "shutdown";
}

bool end_telemetry(pipeline::SessionId id, std::chrono::milliseconds deadline,
                   pipeline::EndedBy by) {
  const pipeline::Stopped stopped = pipeline::stop_session(id, deadline_in(deadline), by);
  if (stopped.mine) {
    say_what_was_lost();
    uninstall_exit_signals();
    uninstall_terminate_hook();
  }
  const KindStats total = stats().total();
  return stopped.complete && total.dropped[static_cast<std::size_t>(DropReason::kDeadline)] == 0 &&
         total.held == 0;
}

// The columns of its own too: those of the default properties' names hold the same.
void redact_process(ProcessInfo& process, const Redactor& redactor) {
  const auto redact = [&](std::string_view name, std::string& value) {
    if (std::optional<std::string> other = redacted(redactor, name, value)) {
      value = *std::move(other);
    }
  };
  for (auto& [name, value] : process.properties) redact(name, value);
  redact("exe", process.exe);
  redact("username", process.username);
  redact("realname", process.realname);
  redact("computer", process.computer);
  redact("distro", process.distro);
  redact("cpu_brand", process.cpu_brand);
}

}  // namespace

Result<TelemetryGuard> init_telemetry(TelemetryOptions options) {
  Result<ResolvedOptions> resolved = resolve_options(std::move(options));
  if (!resolved) return resolved.error();
  ResolvedOptions& o = *resolved;
  if (pipeline::session_running(0)) {
    return Error(
        "init_telemetry: telemetry is already running in this process: end it before "
        "starting it again");
  }

  const Uuid process_id = Uuid::random();
  const std::optional<Uuid> parent = find_parent(o.parent_process_id);
  // Before there are threads of ours.
  ParentForChildren for_children(process_id, o.parent_process_id, parent);

  pipeline::SessionOptions session;
  std::vector<CompositeSink::Child> sinks;
  const auto parts = std::make_shared<Sinks>();
  session.companion = parts;
  if (o.console) {
    ConsoleOptions console;
    console.max_level = LevelFilter::kTrace;  // its filter decides
    parts->console = sinks.size();
    sinks.push_back({std::make_shared<ConsoleSink>(console), std::move(o.console_filter)});
  }
  for (ExtraSink& extra : o.sinks) {
    sinks.push_back({std::move(extra.sink), std::move(extra.filter)});
  }
  if (!o.url.empty()) {
    auto http = make_http_sink(o);
    if (!http) return http.error();
    std::shared_ptr<HttpSink> sink = *http;
    parts->http = sink;
    parts->upload = sinks.size();
    sinks.push_back({sink, std::move(o.upload_filter)});
    session.delivery_books = [sink, parts](EventStats& stats) {
      const UploadStats upload = sink->stats();
      // What its filter leaves out was for the others: they have taken it.
      if (const auto all = parts->all.lock()) {
        stats[static_cast<std::size_t>(EventKind::kLog)].delivered +=
            all->filtered_logs(*parts->upload);
      }
      for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
        stats[kind].delivered += upload.events[kind].delivered;
        stats[kind].held += upload.events[kind].held;
        for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
          stats[kind].dropped[reason] += upload.events[kind].dropped[reason];
        }
      }
    };
    session.told_drops = [sink] { return sink->told_drops(); };
    session.wait_delivered = [sink](pipeline::Deadline d, std::uint64_t told) {
      return sink->wait_delivered(d, told);
    };
    session.before_stop = [sink](pipeline::Deadline d) { sink->set_shutdown_deadline(d); };
    if (o.wait != 0) o.flush.full = fill_level(sink, o);
    session.abandon_after_fork = [raw = sink.get()] { raw->abandon_after_fork(); };
  }
  // Without a server there is nobody to report to.
  if (parts->http != nullptr) {
    o.flush.on_books = [http = parts->http,
                        reporter = std::make_shared<DropReporter>(o.upload_soft_bytes)](
                           const EventStats& books) { reporter->report(books, http->stats()); };
  }
  o.filters.sinks.clear();
  for (const CompositeSink::Child& child : sinks) o.filters.sinks.push_back(child.filter);
  const auto all = std::make_shared<CompositeSink>(std::move(sinks));
  parts->all = all;
  session.sink = all;
  SystemMonitor::set_period(o.system_metrics_period);
  o.flush.on_tick = [monitor = std::make_shared<SystemMonitor>()] {
    monitor->poll(steady_clock::now());
  };
  session.process = dispatch::make_process_info(process_id, parent, std::move(o.properties));
  if (o.default_properties) add_default_properties(session.process);
  if (o.redactor) {
    redact_process(session.process, o.redactor);
    session.redactor = std::move(o.redactor);
  }
  session.filters = std::move(o.filters);
  session.queue_bytes = o.queue_bytes;
  session.image_bytes = o.image_bytes;
  session.span_sampling = o.span_sampling;
  session.wait = o.wait;
  session.wait_limit = o.wait_limit;
  session.flush = o.flush;
  session.exit_wait = o.shutdown_deadline;
  g_report_end.store(o.report_end, std::memory_order_relaxed);
  if (o.report_end) {
    session.on_end = [](pipeline::EndedBy by, const ProcessInfo& process) {
      record_clean_end(process.start_time, reason_of(by));
    };
  }

  const Result<pipeline::SessionId> started = pipeline::start_session(std::move(session));
  if (!started) return started.error();
  for_children.keep();
  TelemetryGuard guard(*started, o.shutdown_deadline);
  g_end_wait_ms.store(o.shutdown_deadline.count(), std::memory_order_relaxed);
  if (o.handle_terminate) {
    install_terminate_hook(&on_terminate, o.shutdown_deadline + std::chrono::seconds(2));
  }
  if (o.handle_signals) {
    if (const Result<void> installed = install_exit_signals(&on_exit_signal); !installed) {
      return installed.error();  // the guard ends what has been started
    }
  }
  return guard;
}

TelemetryGuard& TelemetryGuard::operator=(TelemetryGuard&& other) noexcept {
  if (this != &other) {
    if (id_ != 0) end_telemetry(id_, deadline_, pipeline::EndedBy::kGuard);
    id_ = std::exchange(other.id_, 0);
    deadline_ = other.deadline_;
  }
  return *this;
}

TelemetryGuard::~TelemetryGuard() {
  if (id_ != 0) end_telemetry(id_, deadline_, pipeline::EndedBy::kGuard);
}

bool flush(std::chrono::milliseconds timeout) {
  return pipeline::flush_session(deadline_in(timeout));
}

bool shutdown(std::chrono::milliseconds deadline) {
  return end_telemetry(0, deadline, pipeline::EndedBy::kShutdown);
}

KindStats TelemetryStats::total() const noexcept {
  KindStats sum;
  for (const KindStats& kind : events) {
    sum.recorded += kind.recorded;
    sum.delivered += kind.delivered;
    sum.sampled_out += kind.sampled_out;
    sum.held += kind.held;
    for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
      sum.dropped[reason] += kind.dropped[reason];
    }
  }
  return sum;
}

TelemetryStats stats() {
  TelemetryStats out;
  out.events = pipeline::session_stats();
  if (const std::shared_ptr<HttpSink> http = http_sink()) {
    const UploadStats upload = http->stats();
    out.blocks_sent = upload.blocks_sent;
    out.bytes_sent = upload.bytes_sent;
    out.requests = upload.requests;
    out.retries = upload.retries;
    out.upload_memory = upload.bytes_held;
  }
  out.cut_texts = queue::Runtime::get().cut_texts();
  out.lost_span_properties = queue::Runtime::get().lost_properties();
  out.refused_properties = queue::Runtime::get().refused_properties();
  out.misplaced_spans = queue::Runtime::get().misplaced_spans();
  out.left_out_logs = queue::Runtime::get().left_out();
  out.property_sets = property_set_stats();
  out.queue_memory = queue::Runtime::get().segment_bytes();
  const queue::RoomWaits waits = queue::Runtime::get().room_waits();
  out.waits = waits.count;
  out.waits_in_vain = waits.in_vain;
  out.wait_time = waits.time;
  return out;
}

Result<void> set_log_filter(std::string_view text) {
  Result<LogFilter> filter = parse_log_filter(text, "set_log_filter");
  if (!filter) return filter.error();
  if (!pipeline::session_running(0)) {
    return Error("set_log_filter: telemetry is not running: call init_telemetry() first");
  }
  queue::Runtime::get().change_filters(
      [&](queue::Filters& filters) { filters.log = std::move(*filter); });
  return {};
}

Result<void> set_console_filter(std::string_view text) {
  return change_sink_filter(text, "set_console_filter", kDefaultConsoleLevel,
                            [](const Sinks& sinks, const CompositeSink&) { return sinks.console; });
}

Result<void> set_upload_filter(std::string_view text) {
  return change_sink_filter(text, "set_upload_filter", kDefaultUploadLevel,
                            [](const Sinks& sinks, const CompositeSink&) { return sinks.upload; });
}

Result<void> set_sink_filter(const EventSink& sink, std::string_view text) {
  return change_sink_filter(
      text, "set_sink_filter", LevelFilter::kTrace,
      [&](const Sinks&, const CompositeSink& all) { return all.index_of(sink); });
}

bool set_max_level(LevelFilter level) {
  if (!pipeline::session_running(0)) return false;
  queue::Runtime::get().change_filters(
      [=](queue::Filters& filters) { filters.log.max_level = level; });
  return true;
}

bool set_target_level(std::string_view target_prefix, LevelFilter level) {
  if (!pipeline::session_running(0)) return false;
  queue::Runtime::get().change_filters([=](queue::Filters& filters) {
    filters.log.targets.insert_or_assign(std::string(target_prefix), level);
  });
  return true;
}

bool set_max_verbosity(VerbosityFilter verbosity) {
  if (!pipeline::session_running(0)) return false;
  queue::Runtime::get().change_filters(
      [=](queue::Filters& filters) { filters.max_verbosity = verbosity; });
  return true;
}

Result<void> set_process_context(const PropertyMap& properties) {
  Result<ContextProperties> kept = context_properties(properties);
  if (!kept) return kept.error();
  EventContextPtr context;
  if (!kept->properties.empty()) {
    context = std::make_shared<const EventContext>(EventContext{std::move(kept->properties)});
  }
  queue::Runtime::get().set_process_context(std::move(context), kept->refused, kept->cut);
  return {};
}

void set_system_metrics_period(std::chrono::milliseconds period) {
  SystemMonitor::set_period(period.count() > 0
                                ? std::clamp(period, kLeastMetricsPeriod, kLongestMetricsPeriod)
                                : std::chrono::milliseconds(0));
}

void set_span_sampling(SpanSampling sampling) {
  queue::Runtime::get().sample_windows().set_mode(sampling);
}

void sample_spans(SpanWindow window) {
  queue::Runtime::get().sample_windows().add(window.begin, window.end);
}

void sample_spans_for(std::chrono::nanoseconds duration) {
  const std::int64_t begin = now();
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() - begin;
  sample_spans({begin, begin + std::min<std::int64_t>(duration.count(), most)});
}

std::optional<Uuid> process_id() { return pipeline::session_process_id(); }

void set_thread_name(std::string_view name) { queue::Runtime::get().set_thread_name(name); }

void prepare_thread() { dispatch::init_thread_stream(); }

void log_dynamic(Level level, std::string_view target, std::string_view text,
                 std::span<const Property> properties) {
  // A bridge may have made it of any number.
  const LogMetadata metadata{.level = std::clamp(level, Level::kFatal, Level::kTrace),
                             .target = target};
  dispatch::log_interop_dyn_tagged(metadata, properties, text);
}

std::int64_t now() noexcept { return pipeline::now(); }

DualTime DualTime::now() noexcept { return {micromegas::now(), std::chrono::system_clock::now()}; }

}  // namespace micromegas
