// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http_sink.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/platform/env.h"
#include "micromegas/transport/http/credential.h"
#include "micromegas/transport/http/endpoint.h"
#include "micromegas/transport/http/oidc.h"
#include "micromegas/transport/http/provider_source.h"
#include "micromegas/transport/http/proxy.h"
#include "micromegas/transport/http/tls.h"
#include "micromegas/transport/http/token_keeper.h"
#include "micromegas/transport/upload/uploader.h"
#include "micromegas/transport/wire/encode.h"
#include "micromegas/transport/wire/split.h"

namespace micromegas {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using TimePoint = steady_clock::time_point;

template <class T>
std::optional<Error> check_range(std::string_view option, T value, T min, T max,
                                 std::string_view unit) {
  if (value >= min && value <= max) return std::nullopt;
  return Error(std::string(option) + " = " + std::to_string(value) + std::string(unit) +
               ": must be from " + std::to_string(min) + " to " + std::to_string(max));
}

std::optional<Error> check(const HttpSinkOptions& options) {
  constexpr std::size_t kMinBytes = 64 * 1024;
  constexpr std::size_t kMaxBytes = std::size_t{1} << 40;
  constexpr std::int64_t kHour = 3'600'000;
  const auto ms = [](std::string_view option, milliseconds value, std::int64_t min) {
    return check_range<std::int64_t>(option, value.count(), min, kHour, " ms");
  };
  const std::optional<Error> errors[] = {
      check_range("soft_queue_bytes (MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES)",
                  options.soft_queue_bytes, kMinBytes, kMaxBytes, ""),
      check_range("hard_queue_bytes (MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES)",
                  options.hard_queue_bytes, kMinBytes, kMaxBytes, ""),
      check_range("max_in_flight (MICROMEGAS_TELEMETRY_MAX_IN_FLIGHT_REQUESTS)",
                  options.max_in_flight, 1, 64, ""),
      ms("request_timeout (MICROMEGAS_TELEMETRY_REQUEST_TIMEOUT_SECS)", options.request_timeout,
         10),
      ms("idle_timeout", options.idle_timeout, 0),
      ms("backoff_min", options.backoff_min, 1),
      ms("backoff_max", options.backoff_max, options.backoff_min.count()),
      ms("shutdown_deadline", options.shutdown_deadline, 0),
      ms("credential_floor", options.credential_floor, 1000),
      ms("oidc_token_buffer (MICROMEGAS_OIDC_TOKEN_BUFFER_SECONDS)", options.oidc_token_buffer, 0),
  };
  for (const auto& error : errors) {
    if (error) return error;
  }
  if (options.soft_queue_bytes > options.hard_queue_bytes) {
    return Error("soft_queue_bytes (MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES) = " +
                 std::to_string(options.soft_queue_bytes) +
                 ": must not be above hard_queue_bytes (MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES) = " +
                 std::to_string(options.hard_queue_bytes) + "; lower it or raise the other");
  }
  const bool sendable = !options.user_agent.empty() && options.user_agent.size() <= 256 &&
                        std::all_of(options.user_agent.begin(), options.user_agent.end(),
                                    [](char c) { return c >= ' ' && c <= '~'; });
  if (!sendable) return Error("user_agent: must be 1 to 256 printable ASCII characters");
  return std::nullopt;
}

// TLS and proxy, as `client`'s endpoint needs them. `token`: it is the token endpoint, which may
// have a certificate of a public authority while the server's is of a private one.
Result<void> secure(const HttpSinkOptions& options, http::ClientOptions& client, bool token) {
  if (client.endpoint.tls) {
    http::TlsOptions tls{.ca_file = options.ca_file, .system_roots_too = token};
    if (!token) {
      tls.certificate_file = options.client_certificate_file;
      tls.key_file = options.client_key_file;
    }
    auto made = http::make_tls_context(tls);
    if (!made) return made.error();
    client.tls = std::move(*made);
  } else if (!token && (!options.ca_file.empty() || !options.client_certificate_file.empty())) {
    return Error(
        "ca_file, client_certificate_file: given for an http:// url, which has no certificates; "
        "write https:// in url (MICROMEGAS_TELEMETRY_URL) or leave them away");
  }
  if (options.proxy_from_environment) {
    auto proxy = http::proxy_from_variables(client.endpoint, env_view);
    if (!proxy) return proxy.error();
    client.proxy = std::move(*proxy);
  }
  return {};
}

// A client id alone, and an audience, are what other tools of Micromegas set too.
bool wants_oidc(const HttpSinkOptions& options) {
  return !options.oidc_token_endpoint.empty() || !options.oidc_client_secret.empty();
}

Result<http::OidcOptions> make_oidc_options(const HttpSinkOptions& options) {
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"oidc_token_endpoint", "MICROMEGAS_OIDC_TOKEN_ENDPOINT"},
      {"oidc_client_id", "MICROMEGAS_OIDC_CLIENT_ID"},
      {"oidc_client_secret", "MICROMEGAS_OIDC_CLIENT_SECRET"}};
  const bool given[] = {!options.oidc_token_endpoint.empty(), !options.oidc_client_id.empty(),
                        !options.oidc_client_secret.empty()};
  for (std::size_t i = 0; i < std::size(given); ++i) {
    if (given[i]) continue;
    return Error(std::string(kNames[i].first) + " (" + kNames[i].second +
                 ") is missing: OpenID Connect needs it beside the others that are set; set it or "
                 "unset them");
  }
  auto endpoint = http::parse_url(options.oidc_token_endpoint,
                                  "oidc_token_endpoint (MICROMEGAS_OIDC_TOKEN_ENDPOINT)");
  if (!endpoint) return endpoint.error();
  http::OidcOptions oidc;
  oidc.client.endpoint = std::move(*endpoint);
  oidc.client.user_agent = options.user_agent;
  oidc.client.request_timeout = options.request_timeout;
  oidc.client_id = options.oidc_client_id;
  oidc.client_secret = options.oidc_client_secret;
  oidc.audience = options.oidc_audience;
  if (auto secured = secure(options, oidc.client, true); !secured) return secured.error();
  return oidc;
}

// Of an object with strings; good enough for a budget.
std::size_t metadata_bytes(const PropertyMap& properties) {
  std::size_t bytes = 1024;
  for (const auto& [name, value] : properties) bytes += 64 + name.size() + value.size();
  return bytes;
}

}  // namespace

struct HttpSink::Impl {
  Impl(upload::OutboxOptions outbox, http::ClientOptions client,
       const upload::Uploader::MakeCredential& credential, milliseconds deadline,
       WireCompatibility compatibility)
      : encoder({.compatibility = compatibility}),
        uploader(std::move(outbox), std::move(client), credential),
        shutdown_deadline(deadline) {}

  template <class B>
  void add_block(StreamKind kind, std::shared_ptr<const B> block, upload::EventCounts events) {
    upload::BlockItem item;
    item.kind = kind;
    item.process_id = block->header().process_id;
    item.stream_id = block->header().stream_id;
    item.block_id = block->header().block_id;
    item.events = events;
    item.bytes = block->memory_bytes();
    item.encode = [this, block = std::move(block),
                   process = current_process()]() -> Result<std::string> {
      if (!process) return Error("no process was announced");
      auto encoded = encoder.encode(*block, *process);
      if (!encoded) return encoded.error();
      return std::move(encoded->body);
    };
    item.split = [kind, process = current_process()](const std::string& body) {
      return split(body, kind, *process);
    };
    if (uploader.outbox().add_block(std::move(item))) uploader.wake();
  }

  static Result<std::vector<upload::Part>> split(const std::string& body, StreamKind kind,
                                                 const ProcessInfo& process) {
    auto halves = wire::split_block(body, kind, process);
    if (!halves) return halves.error();
    std::vector<upload::Part> parts;
    for (wire::HalfBlock& half : *halves) {
      parts.push_back(
          {half.block_id, half.events, std::make_shared<const std::string>(std::move(half.body))});
    }
    return parts;
  }

  void add_stream(const StreamInfo& stream) {
    uploader.outbox().announce_stream(stream, metadata_bytes(stream.properties), [stream] {
      return Result<std::string>(wire::encode_stream(stream));
    });
  }

  std::shared_ptr<const ProcessInfo> current_process() {
    const std::lock_guard lock(mutex);
    return process;
  }

  static std::uint64_t& count(upload::EventCounts& events, EventKind kind) {
    return events[static_cast<std::size_t>(kind)];
  }

  std::atomic<bool> abandoned{false};
  wire::BlockEncoder encoder;  // the upload thread's
  upload::Uploader uploader;
  const milliseconds shutdown_deadline;

  std::mutex mutex;
  std::shared_ptr<const ProcessInfo> process;
  std::optional<TimePoint> next_deadline;
};

Result<std::shared_ptr<HttpSink>> HttpSink::create(HttpSinkOptions options) {
  auto credential =
      http::make_api_key(options.api_key.reveal(), "api_key (MICROMEGAS_INGESTION_API_KEY)");
  const bool has_key = !options.api_key.empty();
  if (!credential) return credential.error();
  auto endpoint = http::parse_endpoint(options.url, "url (MICROMEGAS_TELEMETRY_URL)");
  if (!endpoint) return endpoint.error();
  if (auto error = check(options)) return *std::move(error);

  upload::OutboxOptions outbox;
  outbox.destination = endpoint->to_string();
  outbox.soft_bytes = options.soft_queue_bytes;
  outbox.hard_bytes = options.hard_queue_bytes;
  outbox.waiting = options.waiting;
  outbox.open_bytes = options.open_queue_bytes;
  outbox.max_in_flight = options.max_in_flight;
  outbox.slow_answer = options.request_timeout / 4;
  outbox.backoff = {options.backoff_min, options.backoff_max};
  outbox.seed = std::random_device{}();

  http::ClientOptions client;
  client.endpoint = std::move(*endpoint);
  client.user_agent = options.user_agent;
  client.request_timeout = options.request_timeout;
  client.idle_timeout = options.idle_timeout;
  if (auto secured = secure(options, client, false); !secured) return secured.error();

  http::TokenKeeperOptions keeper;
  keeper.floor = options.credential_floor;
  upload::Uploader::MakeCredential make_credential;
  if (options.credential_provider) {
    make_credential = [&](http::Loop& loop) {
      return std::make_shared<http::TokenKeeper>(
          http::make_provider_source(loop, options.credential_provider), keeper);
    };
  } else if (has_key || !wants_oidc(options)) {
    client.credential = std::move(*credential);
  } else {
    auto oidc = make_oidc_options(options);
    if (!oidc) return oidc.error();
    keeper.early = options.oidc_token_buffer;
    make_credential = [oidc = std::move(*oidc), keeper](http::Loop& loop) {
      return std::make_shared<http::TokenKeeper>(http::make_oidc_source(loop, oidc), keeper);
    };
  }

  auto impl = std::make_unique<Impl>(std::move(outbox), std::move(client), make_credential,
                                     options.shutdown_deadline, options.wire_compatibility);
  if (auto started = impl->uploader.start(); !started) return started.error();
  return std::shared_ptr<HttpSink>(new HttpSink(std::move(impl)));
}

HttpSink::HttpSink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpSink::~HttpSink() {
  if (impl_->abandoned) {
    // The thread that is to be joined and that may hold the locks is not in this process.
    static_cast<void>(impl_.release());
    return;
  }
  on_shutdown();
}

bool HttpSink::wait_delivered(TimePoint deadline, std::uint64_t told_drops) {
  return impl_->abandoned || impl_->uploader.outbox().wait_delivered(deadline, told_drops);
}

std::uint64_t HttpSink::told_drops() const {
  return impl_->abandoned ? 0 : impl_->uploader.outbox().told_drops();
}

UploadStats HttpSink::stats() const {
  if (impl_->abandoned) return {};
  return impl_->uploader.outbox().stats();
}

std::size_t HttpSink::bytes_held() const {
  return impl_->abandoned ? 0 : impl_->uploader.outbox().bytes_held();
}

void HttpSink::shutdown(TimePoint deadline) {
  if (!impl_->abandoned) impl_->uploader.stop(deadline);
}

void HttpSink::set_shutdown_deadline(TimePoint deadline) {
  if (impl_->abandoned) return;
  const std::lock_guard lock(impl_->mutex);
  impl_->next_deadline = deadline;
}

void HttpSink::abandon_after_fork() noexcept { impl_->abandoned = true; }

void HttpSink::on_startup(std::shared_ptr<const ProcessInfo> process) {
  if (impl_->abandoned || !process) return;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->process = process;
  }
  const Uuid id = process->process_id;
  const std::size_t bytes = metadata_bytes(process->properties);
  const bool added =
      impl_->uploader.outbox().add_process(id, bytes, [process = std::move(process)] {
        return Result<std::string>(wire::encode_process(*process));
      });
  if (added) impl_->uploader.wake();
}

void HttpSink::on_shutdown() {
  if (impl_->abandoned) return;
  TimePoint deadline = steady_clock::now() + impl_->shutdown_deadline;
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->next_deadline) deadline = *std::exchange(impl_->next_deadline, std::nullopt);
  }
  impl_->uploader.stop(deadline);
}

bool HttpSink::on_log_enabled(const LogMetadata&) { return false; }

void HttpSink::on_init_log_stream(const LogStream& stream) {
  if (!impl_->abandoned) impl_->add_stream(stream);
}

void HttpSink::on_process_log_block(std::shared_ptr<const LogBlock> block) {
  if (impl_->abandoned) return;
  upload::EventCounts events{};
  Impl::count(events, EventKind::kLog) = static_cast<std::uint64_t>(block->event_count());
  impl_->add_block(StreamKind::kLog, std::move(block), events);
}

void HttpSink::on_init_metrics_stream(const MetricsStream& stream) {
  if (!impl_->abandoned) impl_->add_stream(stream);
}

void HttpSink::on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) {
  if (impl_->abandoned) return;
  upload::EventCounts events{};
  const std::int32_t integers = block->integer_count();
  Impl::count(events, EventKind::kIntegerMetric) = static_cast<std::uint64_t>(integers);
  Impl::count(events, EventKind::kFloatMetric) =
      static_cast<std::uint64_t>(block->event_count() - integers);
  impl_->add_block(StreamKind::kMetrics, std::move(block), events);
}

void HttpSink::on_init_thread_stream(const ThreadStream& stream) {
  if (!impl_->abandoned) impl_->add_stream(stream);
}

void HttpSink::on_process_thread_block(std::shared_ptr<const ThreadBlock> block) {
  if (impl_->abandoned) return;
  upload::EventCounts events{};
  const std::int32_t asyncs = block->async_count();
  Impl::count(events, EventKind::kAsyncSpan) = static_cast<std::uint64_t>(asyncs);
  Impl::count(events, EventKind::kSpan) = static_cast<std::uint64_t>(block->event_count() - asyncs);
  impl_->add_block(StreamKind::kThread, std::move(block), events);
}

void HttpSink::on_init_image_stream(const ImageStream& stream) {
  if (!impl_->abandoned) impl_->add_stream(stream);
}

void HttpSink::on_process_image_block(std::shared_ptr<const ImageBlock> block) {
  if (impl_->abandoned) return;
  upload::EventCounts events{};
  Impl::count(events, EventKind::kImage) = static_cast<std::uint64_t>(block->event_count());
  impl_->add_block(StreamKind::kImage, std::move(block), events);
}

void HttpSink::on_end_thread_stream(const ThreadStream& stream) {
  if (!impl_->abandoned) impl_->uploader.outbox().end_stream(stream.stream_id);
}

bool HttpSink::is_busy() const { return !impl_->abandoned && !impl_->uploader.outbox().empty(); }

}  // namespace micromegas
