// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// TelemetryOptions with the environment and the defaults filled in and every value checked.
// Internal to //:telemetry.
#ifndef MICROMEGAS_TELEMETRY_OPTIONS_H_
#define MICROMEGAS_TELEMETRY_OPTIONS_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/flush/flush_actor.h"
#include "micromegas/pipeline/instrument/property_map.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/sink/process_info.h"
#include "micromegas/platform/result.h"
#include "micromegas/platform/uuid.h"
#include "micromegas/telemetry.h"
#include "micromegas/transport/http/secret.h"

namespace micromegas {

struct ResolvedOptions {
  std::string url;
  http::Secret api_key;
  std::string oidc_token_endpoint;
  std::string oidc_client_id;
  http::Secret oidc_client_secret;
  std::string oidc_audience;
  std::chrono::seconds oidc_token_buffer{};
  std::shared_ptr<CredentialProvider> credential_provider;
  std::string ca_file;
  std::string client_certificate_file;
  std::string client_key_file;
  PropertyMap properties;
  Redactor redactor;
  bool default_properties = true;
  queue::Filters filters;  // without those of the sinks
  bool console = true;
  LogFilter console_filter;
  LogFilter upload_filter;
  std::vector<ExtraSink> sinks;
  std::size_t queue_bytes = 0;
  std::size_t image_bytes = 0;
  SpanSampling span_sampling = SpanSampling::kAll;
  queue::Kinds wait = 0;
  std::chrono::milliseconds wait_limit{};
  pipeline::FlushOptions flush;
  std::size_t upload_soft_bytes = 0;
  std::size_t upload_hard_bytes = 0;
  int max_in_flight = 0;
  std::chrono::milliseconds request_timeout{};
  WireCompatibility wire_compatibility = WireCompatibility::k033;
  std::chrono::milliseconds system_metrics_period{};  // 0: never
  std::chrono::milliseconds shutdown_deadline{};
  bool handle_signals = false;
  bool report_end = true;
  bool handle_terminate = true;
  std::optional<Uuid> parent_process_id;  // as the environment says
};

// Leaves no secret in `options`, whatever comes of it.
Result<ResolvedOptions> resolve_options(TelemetryOptions&& options);

// What a filter lets through of targets that it does not mention, and all of it where it is unset.
inline constexpr LevelFilter kDefaultConsoleLevel = LevelFilter::kInfo;
inline constexpr LevelFilter kDefaultUploadLevel = LevelFilter::kDebug;

// Of system_metrics_period, but for 0.
inline constexpr std::chrono::milliseconds kLeastMetricsPeriod{100};
inline constexpr std::chrono::milliseconds kLongestMetricsPeriod{86'400'000};

// "k=v,k=v": blanks around entries, keys and values go; the first '=' splits; the first of equal
// keys wins; an entry without '=', an empty key or one that begins with "micromegas." is an error.
Result<PropertyMap> parse_process_properties(std::string_view text);

// Adds what is not there yet.
void add_default_properties(ProcessInfo& process);

}  // namespace micromegas

#endif  // MICROMEGAS_TELEMETRY_OPTIONS_H_
