// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/telemetry.h"

#include <chrono>
#include <string>
#include <utility>

#include "micromegas/drop_reporter.h"
#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/sink/composite_sink.h"
#include "micromegas/pipeline/sink/console_sink.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/signals.h"
#include "micromegas/telemetry_family.h"
#include "micromegas/telemetry_options.h"
#include "micromegas/transport/http/secret.h"
#include "micromegas/transport/http_sink.h"

namespace micromegas {
namespace {

using std::chrono::steady_clock;

std::atomic<std::int64_t> g_signal_wait_ms{0};

// Flushes instead of ending: the program may have a handler of its own, which runs next. While
// telemetry ends, waits for that.
void on_exit_signal(int /*signal*/) {
  flush(std::chrono::milliseconds(g_signal_wait_ms.load(std::memory_order_relaxed)));
}

std::shared_ptr<HttpSink> http_sink() {
  return std::static_pointer_cast<HttpSink>(pipeline::session_companion());
}

// Leaves no secret in `options`.
Result<std::shared_ptr<HttpSink>> make_http_sink(ResolvedOptions& options) {
  HttpSinkOptions sink;
  sink.url = options.url;
  sink.api_key = options.api_key;
  sink.oidc_token_endpoint = options.oidc_token_endpoint;
  sink.oidc_client_id = options.oidc_client_id;
  sink.oidc_client_secret = options.oidc_client_secret;
  sink.oidc_audience = options.oidc_audience;
  sink.oidc_token_buffer = options.oidc_token_buffer;
  sink.credential_provider = options.credential_provider;
  sink.ca_file = options.ca_file;
  sink.client_certificate_file = options.client_certificate_file;
  sink.client_key_file = options.client_key_file;
  sink.soft_queue_bytes = options.upload_soft_bytes;
  sink.hard_queue_bytes = options.upload_hard_bytes;
  sink.max_in_flight = options.max_in_flight;
  sink.request_timeout = options.request_timeout;
  sink.wire_compatibility = options.wire_compatibility;
  sink.shutdown_deadline = options.shutdown_deadline;
  http::wipe(options.api_key);
  http::wipe(options.oidc_client_secret);
  return HttpSink::create(std::move(sink));
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

bool end_telemetry(pipeline::SessionId id, std::chrono::milliseconds deadline) {
  const pipeline::Stopped stopped = pipeline::stop_session(id, steady_clock::now() + deadline);
  if (stopped.mine) {
    say_what_was_lost();
    uninstall_exit_signals();
  }
  const KindStats total = stats().total();
  return stopped.complete && total.dropped[static_cast<std::size_t>(DropReason::kDeadline)] == 0 &&
         total.held == 0;
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
  if (o.console) {
    ConsoleOptions console;
    console.max_level = o.console_level;
    sinks.push_back({std::make_shared<ConsoleSink>(console), o.console_level});
  }
  for (ExtraSink& extra : o.sinks) sinks.push_back({std::move(extra.sink), extra.max_level});
  if (!o.url.empty()) {
    auto http = make_http_sink(o);
    if (!http) return http.error();
    std::shared_ptr<HttpSink> sink = *http;
    sinks.push_back({sink, LevelFilter::kOff});
    session.companion = sink;
    session.delivery_books = [sink](EventStats& stats) {
      const UploadStats upload = sink->stats();
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
    session.abandon_after_fork = [raw = sink.get()] { raw->abandon_after_fork(); };
  }
  // Without a server there is nobody to report to.
  if (const auto http = std::static_pointer_cast<HttpSink>(session.companion)) {
    o.flush.on_books = [http, reporter = std::make_shared<DropReporter>(o.upload_soft_bytes)](
                           const EventStats& books) { reporter->report(books, http->stats()); };
  }
  session.sink = std::make_shared<CompositeSink>(std::move(sinks));
  session.process = dispatch::make_process_info(process_id, parent, std::move(o.properties));
  if (o.default_properties) add_default_properties(session.process);
  session.filters = std::move(o.filters);
  session.queue_bytes = o.queue_bytes;
  session.flush = o.flush;
  session.exit_wait = o.shutdown_deadline;

  const Result<pipeline::SessionId> started = pipeline::start_session(std::move(session));
  if (!started) return started.error();
  for_children.keep();
  TelemetryGuard guard(*started, o.shutdown_deadline);
  if (o.handle_signals) {
    g_signal_wait_ms.store(o.shutdown_deadline.count(), std::memory_order_relaxed);
    if (const Result<void> installed = install_exit_signals(&on_exit_signal); !installed) {
      return installed.error();  // the guard ends what has been started
    }
  }
  return guard;
}

TelemetryGuard& TelemetryGuard::operator=(TelemetryGuard&& other) noexcept {
  if (this != &other) {
    if (id_ != 0) end_telemetry(id_, deadline_);
    id_ = std::exchange(other.id_, 0);
    deadline_ = other.deadline_;
  }
  return *this;
}

TelemetryGuard::~TelemetryGuard() {
  if (id_ != 0) end_telemetry(id_, deadline_);
}

bool flush(std::chrono::milliseconds timeout) {
  return pipeline::flush_session(steady_clock::now() + timeout);
}

bool shutdown(std::chrono::milliseconds deadline) { return end_telemetry(0, deadline); }

KindStats TelemetryStats::total() const noexcept {
  KindStats sum;
  for (const KindStats& kind : events) {
    sum.recorded += kind.recorded;
    sum.delivered += kind.delivered;
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
  }
  out.cut_texts = queue::Runtime::get().cut_texts();
  out.lost_span_properties = queue::Runtime::get().lost_properties();
  out.misplaced_spans = queue::Runtime::get().misplaced_spans();
  out.queue_memory = queue::Runtime::get().segment_bytes();
  return out;
}

void set_max_level(LevelFilter level) {
  queue::Runtime::get().change_filters([=](queue::Filters& filters) { filters.max_level = level; });
}

void set_target_level(std::string_view target_prefix, LevelFilter level) {
  queue::Runtime::get().change_filters(
      [=](queue::Filters& filters) { filters.targets[std::string(target_prefix)] = level; });
}

void set_max_verbosity(Verbosity verbosity) {
  queue::Runtime::get().change_filters(
      [=](queue::Filters& filters) { filters.max_verbosity = verbosity; });
}

std::optional<Uuid> process_id() { return pipeline::session_process_id(); }

void set_thread_name(std::string_view name) { queue::Runtime::get().set_thread_name(name); }

void prepare_thread() { dispatch::init_thread_stream(); }

void log_dynamic(Level level, std::string_view target, std::string_view text) {
  const LogMetadata metadata{.level = level, .target = target};
  dispatch::log_interop(metadata, text);
}

std::int64_t now() noexcept { return pipeline::now(); }

DualTime DualTime::now() noexcept { return {micromegas::now(), std::chrono::system_clock::now()}; }

}  // namespace micromegas
