// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/telemetry_options.h"

#include <algorithm>
#include <utility>

#include "micromegas/platform/env.h"
#include "micromegas/platform/process.h"
#include "micromegas/telemetry_family.h"

namespace micromegas {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kReservedPrefix = "micromegas.";
constexpr std::size_t kMiB = 1U << 20;
constexpr std::size_t kMinUploadBytes = 64U << 10;
constexpr std::size_t kMaxUploadBytes = std::size_t{1} << 40;
constexpr std::size_t kDefaultSoftBytes = 128 * kMiB;
constexpr std::size_t kDefaultHardBytes = 256 * kMiB;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

// Calls f with each trimmed, non-blank entry of a comma-separated list until it returns an error.
template <class F>
Result<void> for_each_entry(std::string_view text, F f) {
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (const std::string_view entry = trim(text.substr(0, comma)); !entry.empty()) {
      if (Result<void> done = f(entry); !done) return done;
    }
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return {};
}

Result<void> check_range(const char* name, std::size_t value, std::size_t min, std::size_t max) {
  if (value >= min && value <= max) return {};
  return Error(std::string("init_telemetry: ") + name + " is " + std::to_string(value) +
               ": use a value from " + std::to_string(min) + " to " + std::to_string(max));
}

Result<void> check_range(const char* name, milliseconds value, milliseconds min, milliseconds max) {
  if (value >= min && value <= max) return {};
  return Error(std::string("init_telemetry: ") + name + " is " + std::to_string(value.count()) +
               " ms: use a value from " + std::to_string(min.count()) + " ms to " +
               std::to_string(max.count()) + " ms");
}

Result<LogFilter> filter_or(const std::optional<LogFilter>& option, const char* variable,
                            LevelFilter otherwise) {
  if (option) return *option;
  return parse_log_filter(env_string(variable).value_or(""), variable, otherwise);
}

Result<std::optional<std::size_t>> size_if(const std::optional<std::size_t>& option,
                                           const char* variable, std::size_t min) {
  if (option) return option;
  const auto value = env_unsigned(variable, min, kMaxUploadBytes);
  if (!value) return value.error();
  return *value ? std::optional(static_cast<std::size_t>(**value)) : std::nullopt;
}

Result<milliseconds> time_or(const std::optional<milliseconds>& option, const char* variable,
                             milliseconds min, milliseconds max, milliseconds otherwise) {
  if (option) return *option;
  const auto value = env_seconds(variable, min, max);
  if (!value) return value.error();
  return value->value_or(otherwise);
}

Result<void> check_property_key(std::string_view key, const std::string& where) {
  if (key.empty()) return Error(where + " has a property with an empty key: give it a name");
  if (key.starts_with(kReservedPrefix)) {
    return Error(where + " has the property " + in_quotes(key) +
                 ": keys that begin with 'micromegas.' belong to the server; rename it");
  }
  return {};
}

http::Secret secret_or(std::string& option, const char* variable) {
  return option.empty() ? http::Secret(env_view(variable).value_or(""))
                        : http::Secret::taken_from(option);
}

// Who we are for the server, and who it must be for us.
Result<void> resolve_access(TelemetryOptions& options, ResolvedOptions& out) {
  const auto text_or = [](std::string& option, const char* variable) {
    return option.empty() ? env_string(variable).value_or("") : std::move(option);
  };
  out.ca_file = text_or(options.ca_file, "MICROMEGAS_TELEMETRY_CA_FILE");
  out.client_certificate_file =
      text_or(options.client_certificate_file, "MICROMEGAS_TELEMETRY_CLIENT_CERTIFICATE_FILE");
  out.client_key_file = text_or(options.client_key_file, "MICROMEGAS_TELEMETRY_CLIENT_KEY_FILE");
  out.oidc_token_endpoint = text_or(options.oidc_token_endpoint, "MICROMEGAS_OIDC_TOKEN_ENDPOINT");
  out.oidc_client_id = text_or(options.oidc_client_id, "MICROMEGAS_OIDC_CLIENT_ID");
  out.oidc_audience = text_or(options.oidc_audience, "MICROMEGAS_OIDC_AUDIENCE");
  out.credential_provider = std::move(options.credential_provider);
  if (options.oidc_token_buffer) {
    out.oidc_token_buffer = *options.oidc_token_buffer;
  } else {
    const auto buffer = env_unsigned("MICROMEGAS_OIDC_TOKEN_BUFFER_SECONDS", 0, 3600);
    if (!buffer) return buffer.error();
    out.oidc_token_buffer = std::chrono::seconds(buffer->value_or(180));
  }
  return {};
}

Result<void> resolve_properties(TelemetryOptions& options, ResolvedOptions& out) {
  for (const auto& [key, value] : options.properties) {
    if (Result<void> ok = check_property_key(key, "init_telemetry: properties"); !ok) return ok;
  }
  out.properties = std::move(options.properties);
  if (const auto text = env_string("MICROMEGAS_PROCESS_PROPERTIES")) {
    Result<PropertyMap> more = parse_process_properties(*text);
    if (!more) return more.error();
    out.properties.merge(*more);  // keeps what is there
  }
  return {};
}

Result<void> resolve_filters(const TelemetryOptions& options, ResolvedOptions& out) {
  const auto log = filter_or(options.log_filter, "MICROMEGAS_LOG", LevelFilter::kTrace);
  if (!log) return log.error();
  out.filters.log = *log;
  const auto console =
      filter_or(options.console_filter, "MICROMEGAS_LOCAL_SINK_MAX_LEVEL", kDefaultConsoleLevel);
  if (!console) return console.error();
  out.console_filter = *console;
  const auto upload =
      filter_or(options.upload_filter, "MICROMEGAS_TELEMETRY_SINK_MAX_LEVEL", kDefaultUploadLevel);
  if (!upload) return upload.error();
  out.upload_filter = *upload;

  if (options.max_verbosity) {
    out.filters.max_verbosity = *options.max_verbosity;
  } else if (const auto text = env_string("MICROMEGAS_MAX_VERBOSITY")) {
    const auto verbosity = parse_verbosity_filter(*text);
    if (!verbosity) {
      return Error("MICROMEGAS_MAX_VERBOSITY is " + in_quotes(*text) +
                   ": use off, min, med or max");
    }
    out.filters.max_verbosity = *verbosity;
  }
  if (options.cpu_tracing) {
    out.filters.spans = *options.cpu_tracing;
  } else {
    const auto spans = env_bool("MICROMEGAS_ENABLE_CPU_TRACING");
    if (!spans) return spans.error();
    out.filters.spans = spans->value_or(true);
  }
  if (options.log_origin) {
    out.flush.log_origin = *options.log_origin;
  } else {
    const auto origin = env_bool("MICROMEGAS_LOG_ORIGIN");
    if (!origin) return origin.error();
    out.flush.log_origin = origin->value_or(false);
  }
  return {};
}

Result<void> resolve_sizes(const TelemetryOptions& options, ResolvedOptions& out) {
  const std::pair<const char*, std::size_t> blocks[] = {
      {"log_block_bytes", options.log_block_bytes},
      {"metrics_block_bytes", options.metrics_block_bytes},
      {"thread_block_bytes", options.thread_block_bytes}};
  for (const auto& [name, bytes] : blocks) {
    if (Result<void> ok = check_range(name, bytes, 128, 64 * kMiB); !ok) return ok;
  }
  // Two threads with both queues fit the least.
  if (Result<void> ok = check_range("queue_bytes", options.queue_bytes, 4 * queue::kSegmentBytes,
                                    std::size_t{64} << 30);
      !ok) {
    return ok;
  }
  if (Result<void> ok = check_range("image_bytes", options.image_bytes, 0, std::size_t{64} << 30);
      !ok) {
    return ok;
  }
  out.queue_bytes = options.queue_bytes;
  out.image_bytes = options.image_bytes;
  out.flush.log_block_bytes = options.log_block_bytes;
  out.flush.metrics_block_bytes = options.metrics_block_bytes;
  out.flush.thread_block_bytes = options.thread_block_bytes;
  return {};
}

Result<void> resolve_wait(const TelemetryOptions& options, ResolvedOptions& out) {
  constexpr const char* kVariable = "MICROMEGAS_TELEMETRY_WAIT_WHEN_FULL";
  constexpr milliseconds kLongest{3'600'000};
  WaitWhenFull wait = options.wait_when_full.value_or(WaitWhenFull{});
  const std::optional<std::string> text = env_string(kVariable);
  if (!options.wait_when_full && text && trim(*text) != "none") {
    Result<void> read = for_each_entry(*text, [&](std::string_view entry) -> Result<void> {
      bool* const kind = entry == "logs"      ? &wait.logs
                         : entry == "metrics" ? &wait.metrics
                         : entry == "spans"   ? &wait.spans
                                              : nullptr;
      if (kind == nullptr) {
        return Error(std::string(kVariable) + " is " + in_quotes(*text) +
                     ": use logs, metrics and spans, separated by commas, or none");
      }
      *kind = true;
      return {};
    });
    if (!read) return read;
  }
  out.wait = static_cast<queue::Kinds>((wait.logs ? queue::kLogKinds : 0) |
                                       (wait.metrics ? queue::kMetricKinds : 0) |
                                       (wait.spans ? queue::kSpanKinds : 0));
  const auto limit = time_or(options.wait_limit, "MICROMEGAS_TELEMETRY_WAIT_LIMIT_SECS",
                             milliseconds(1), kLongest, milliseconds(1000));
  if (!limit) return limit.error();
  out.wait_limit = *limit;
  return check_range("wait_limit", *limit, milliseconds(1), kLongest);
}

Result<void> resolve_upload(const TelemetryOptions& options, ResolvedOptions& out) {
  const auto soft_given =
      size_if(options.upload_soft_bytes, "MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES", kMinUploadBytes);
  if (!soft_given) return soft_given.error();
  const auto hard_given =
      size_if(options.upload_hard_bytes, "MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES", kMinUploadBytes);
  if (!hard_given) return hard_given.error();
  const std::pair<const char*, std::optional<std::size_t>> given[] = {
      {"upload_soft_bytes", *soft_given}, {"upload_hard_bytes", *hard_given}};
  for (const auto& [name, bytes] : given) {
    if (!bytes) continue;
    if (Result<void> ok = check_range(name, *bytes, kMinUploadBytes, kMaxUploadBytes); !ok) {
      return ok;
    }
  }
  // What is not given gives way.
  const std::size_t soft =
      soft_given->value_or(std::min(kDefaultSoftBytes, hard_given->value_or(kDefaultSoftBytes)));
  const std::size_t hard = hard_given->value_or(std::max(kDefaultHardBytes, soft));
  if (soft > hard) {
    return Error("init_telemetry: upload_soft_bytes (MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES) is " +
                 std::to_string(soft) +
                 " and upload_hard_bytes (MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES) is " +
                 std::to_string(hard) +
                 ": the soft limit must not be above the hard one; lower it, raise the other, or "
                 "leave one of them out");
  }
  out.upload_soft_bytes = soft;
  out.upload_hard_bytes = hard;
  if (options.max_in_flight) {
    out.max_in_flight = *options.max_in_flight;
    if (out.max_in_flight < 1 || out.max_in_flight > 64) {
      return Error("init_telemetry: max_in_flight is " + std::to_string(out.max_in_flight) +
                   ": use a value from 1 to 64");
    }
  } else {
    const auto value = env_unsigned("MICROMEGAS_TELEMETRY_MAX_IN_FLIGHT_REQUESTS", 1, 64);
    if (!value) return value.error();
    out.max_in_flight = static_cast<int>(value->value_or(3));
  }
  return {};
}

Result<void> resolve_times(const TelemetryOptions& options, ResolvedOptions& out) {
  constexpr milliseconds kDay{86'400'000};
  const auto period = time_or(options.flush_period, "MICROMEGAS_FLUSH_PERIOD", milliseconds(1),
                              kDay, milliseconds(60'000));
  if (!period) return period.error();
  if (Result<void> ok = check_range("flush_period", *period, milliseconds(1), kDay); !ok) return ok;
  out.flush.period = *period;
  const auto timeout = time_or(options.request_timeout, "MICROMEGAS_TELEMETRY_REQUEST_TIMEOUT_SECS",
                               milliseconds(10), milliseconds(3'600'000), milliseconds(10'000));
  if (!timeout) return timeout.error();
  if (Result<void> ok =
          check_range("request_timeout", *timeout, milliseconds(10), milliseconds(3'600'000));
      !ok) {
    return ok;
  }
  out.request_timeout = *timeout;
  const bool taken = !out.url.empty() || !options.sinks.empty();
  const auto metrics =
      time_or(options.system_metrics_period, "MICROMEGAS_SYSTEM_METRICS_PERIOD", milliseconds(0),
              kLongestMetricsPeriod, milliseconds(taken ? 5'000 : 0));
  if (!metrics) return metrics.error();
  if (metrics->count() != 0) {
    if (Result<void> ok = check_range("system_metrics_period", *metrics, kLeastMetricsPeriod,
                                      kLongestMetricsPeriod);
        !ok) {
      return ok;
    }
  }
  out.system_metrics_period = *metrics;
  if (Result<void> ok = check_range("shutdown_deadline", options.shutdown_deadline, milliseconds(0),
                                    milliseconds(600'000));
      !ok) {
    return ok;
  }
  out.shutdown_deadline = options.shutdown_deadline;
  return {};
}

Result<void> resolve_sampling(const TelemetryOptions& options, ResolvedOptions& out) {
  constexpr const char* kVariable = "MICROMEGAS_SPAN_SAMPLING";
  if (options.span_sampling) {
    out.span_sampling = *options.span_sampling;
  } else if (const auto text = env_string(kVariable)) {
    const std::string_view mode = trim(*text);
    if (mode != "all" && mode != "windows") {
      return Error(std::string(kVariable) + " is " + in_quotes(mode) + ": use all or windows");
    }
    if (mode == "windows") out.span_sampling = SpanSampling::kWindows;
  }
  if (Result<void> ok = check_range("span_sampling_hold", options.span_sampling_hold,
                                    milliseconds(0), milliseconds(3'600'000));
      !ok) {
    return ok;
  }
  if (Result<void> ok =
          check_range("span_sampling_bytes", options.span_sampling_bytes, 0, std::size_t{64} << 30);
      !ok) {
    return ok;
  }
  out.flush.sample_hold = options.span_sampling_hold;
  out.flush.sample_hold_bytes = options.span_sampling_bytes;
  return {};
}

Result<void> resolve_compatibility(const TelemetryOptions& options, ResolvedOptions& out) {
  constexpr const char* kVariable = "MICROMEGAS_TELEMETRY_WIRE_COMPATIBILITY";
  if (options.wire_compatibility) {
    out.wire_compatibility = *options.wire_compatibility;
  } else if (const auto text = env_string(kVariable)) {
    const std::string_view release = trim(*text);
    if (release != "0.30" && release != "0.33") {
      return Error(std::string(kVariable) + " is " + in_quotes(release) +
                   ": write 0.33, or 0.30 for a server that is older");
    }
    if (release == "0.30") out.wire_compatibility = WireCompatibility::kBefore033;
  }
  return {};
}

}  // namespace

Result<ResolvedOptions> resolve_options(TelemetryOptions&& options) {
  ResolvedOptions out;
  // First, whatever is wrong with the others.
  out.api_key = secret_or(options.api_key, "MICROMEGAS_INGESTION_API_KEY");
  out.oidc_client_secret = secret_or(options.oidc_client_secret, "MICROMEGAS_OIDC_CLIENT_SECRET");
  out.url = options.url.empty() ? env_string("MICROMEGAS_TELEMETRY_URL").value_or("")
                                : std::move(options.url);
  out.url = trim(out.url);
  if (Result<void> ok = resolve_access(options, out); !ok) return ok.error();
  if (Result<void> ok = resolve_compatibility(options, out); !ok) return ok.error();
  if (Result<void> ok = resolve_sampling(options, out); !ok) return ok.error();
  out.default_properties = options.default_properties;
  out.redactor = std::move(options.redactor);
  out.console = options.console;
  out.handle_signals = options.handle_signals;
  out.report_end = options.report_end && (!out.url.empty() || !options.sinks.empty());
  out.handle_terminate = options.handle_terminate;
  for (const ExtraSink& extra : options.sinks) {
    if (extra.sink == nullptr) return Error("init_telemetry: sinks has a null sink: remove it");
  }
  if (Result<void> ok = resolve_properties(options, out); !ok) return ok.error();
  if (Result<void> ok = resolve_filters(options, out); !ok) return ok.error();
  if (Result<void> ok = resolve_sizes(options, out); !ok) return ok.error();
  if (Result<void> ok = resolve_wait(options, out); !ok) return ok.error();
  if (Result<void> ok = resolve_upload(options, out); !ok) return ok.error();
  if (Result<void> ok = resolve_times(options, out); !ok) return ok.error();
  out.sinks = std::move(options.sinks);
  if (const auto text = env_string(kParentVariable)) {
    out.parent_process_id = Uuid::parse(trim(*text));
    if (!out.parent_process_id) {
      return Error(std::string(kParentVariable) + " is " + in_quotes(*text) +
                   ": use the process id (UUID) of the parent, or unset it");
    }
  }
  return out;
}

Result<PropertyMap> parse_process_properties(std::string_view text) {
  PropertyMap properties;
  const std::string where = "MICROMEGAS_PROCESS_PROPERTIES";
  const Result<void> done = for_each_entry(text, [&](std::string_view entry) -> Result<void> {
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) {
      return Error(where + " has the entry " + in_quotes(entry) + " without '=': write key=value");
    }
    const std::string_view key = trim(entry.substr(0, equals));
    if (Result<void> ok = check_property_key(key, where); !ok) return ok;
    properties.emplace(key, trim(entry.substr(equals + 1)));
    return {};
  });
  if (!done) return done.error();
  return properties;
}

void add_default_properties(ProcessInfo& process) {
  const SystemInfo system = gather_system_info();
  PropertyMap& p = process.properties;
  p.emplace("exe", process.exe);
  p.emplace("username", process.username);
  p.emplace("realname", process.realname);
  p.emplace("computer", process.computer);
  p.emplace("distro", process.distro);
  p.emplace("cpu_brand", process.cpu_brand);
  p.emplace("physical_core_count", std::to_string(system.physical_cores));
  p.emplace("logical_cpu_count", std::to_string(system.logical_cores));
  p.emplace("total_memory", std::to_string(system.total_memory));
}

}  // namespace micromegas
