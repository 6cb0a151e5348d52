// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The sink that delivers to a Micromegas server over HTTP.
//
//   auto sink = micromegas::HttpSink::create({.url = "http://127.0.0.1:8081"});
//   if (!sink) std::fprintf(stderr, "%s\n", sink.error().message().c_str());
//
// One thread of its own encodes, compresses and sends; the sink's functions only put things into
// its queue and never wait for the network. What the server has not acknowledged is kept within a
// budget of bytes and tried again until the sink is stopped; what cannot be kept is counted
// (docs/data-loss.md). The same block always goes with the same bytes under the same id, so the
// server sees it once however often it is sent.
//
// Threading: every function may be called from any thread.
#ifndef MICROMEGAS_TRANSPORT_HTTP_SINK_H_
#define MICROMEGAS_TRANSPORT_HTTP_SINK_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/pipeline/sink/wire_compatibility.h"
#include "micromegas/platform/result.h"
#include "micromegas/transport/credential_provider.h"
#include "micromegas/transport/http/secret.h"
#include "micromegas/transport/upload/stats.h"

namespace micromegas {

inline constexpr char kDefaultUserAgent[] = "micromegas-cpp/0.1.0";

// MICROMEGAS_ variables are read by whoever starts telemetry (telemetry.h), not here.
struct HttpSinkOptions {
  // http[s]://host[:port][/prefix], also with /ingestion at the end. MICROMEGAS_TELEMETRY_URL
  std::string url;
  // PEM files for https. Who may sign the server's certificate; empty: the system's roots.
  std::string ca_file;  // MICROMEGAS_TELEMETRY_CA_FILE
  // For a server that wants to see one: our certificate and its chain, and its key, without a pass
  // phrase; the key may be in the same file.
  std::string client_certificate_file;  // MICROMEGAS_TELEMETRY_CLIENT_CERTIFICATE_FILE
  std::string client_key_file;          // MICROMEGAS_TELEMETRY_CLIENT_KEY_FILE
  // Whether http_proxy, https_proxy, all_proxy and no_proxy are read, by curl's rules.
  bool proxy_from_environment = true;
  // Sent as "Authorization: Bearer KEY"; empty: no such header. Never printed; overwritten when no
  // longer needed. MICROMEGAS_INGESTION_API_KEY
  http::Secret api_key;
  // In its place, OpenID Connect client credentials: a token is fetched with the first three, which
  // go together. MICROMEGAS_OIDC_...
  std::string oidc_token_endpoint;  // ...TOKEN_ENDPOINT: http[s]://host/path
  std::string oidc_client_id;       // ...CLIENT_ID
  http::Secret oidc_client_secret;  // ...CLIENT_SECRET; as api_key, never printed
  std::string oidc_audience;        // ...AUDIENCE; empty: none is asked for
  // How long before its end a token is replaced, though not before half its lifetime. 0 to 1 h.
  std::chrono::seconds oidc_token_buffer{180};  // ...TOKEN_BUFFER_SECONDS
  // Or a provider of your own, before both.
  std::shared_ptr<CredentialProvider> credential_provider;
  // No two credentials are fetched sooner after each other. 1 s to 1 h.
  std::chrono::seconds credential_floor{30};

  // Bytes held, in memory and under way. Past the soft limit new blocks of spans are dropped, past
  // the hard one logs and metrics too; processes and streams never. Reckon with rate x outage. At
  // least 64 KiB, and the hard one not below the soft one.
  std::size_t soft_queue_bytes = std::size_t{128} << 20;  // MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES
  std::size_t hard_queue_bytes = std::size_t{256} << 20;  // MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES

  // Kinds of which threads wait for room (bytes_held()) may fill the hard limit, and find it: the
  // others get no more of it than open_queue_bytes.
  std::array<bool, kStreamKinds> waiting{};  // by StreamKind
  std::size_t open_queue_bytes = SIZE_MAX;

  // Requests, and so connections, at the same time. 1 to 64.
  int max_in_flight = 3;  // MICROMEGAS_TELEMETRY_MAX_IN_FLIGHT_REQUESTS
  // Of one try: look-up, connect, send and answer together. 10 ms to 1 h.
  std::chrono::milliseconds request_timeout{10'000};  // MICROMEGAS_TELEMETRY_REQUEST_TIMEOUT_SECS
  // A connection that nothing uses is closed after this. 0 to 1 h.
  std::chrono::milliseconds idle_timeout{5'000};
  // After the n-th failure in a row: a random wait of up to min, 2 min, 4 min ... max. 1 ms to 1 h.
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{5'000};
  // For what on_shutdown() or the destructor finds unsent, unless a deadline was given before.
  std::chrono::milliseconds shutdown_deadline{5'000};

  WireCompatibility wire_compatibility = WireCompatibility::k033;
  // ^ MICROMEGAS_TELEMETRY_WIRE_COMPATIBILITY

  std::string user_agent = kDefaultUserAgent;
};

class HttpSink final : public EventSink {
 public:
  // Starts the thread; does not look for the server. Errors name the option, the value (never the
  // key) and the remedy.
  static Result<std::shared_ptr<HttpSink>> create(HttpSinkOptions options);

  // Shuts down if that has not happened.
  ~HttpSink() override;
  HttpSink(const HttpSink&) = delete;
  HttpSink& operator=(const HttpSink&) = delete;

  // Waits until the server has acknowledged everything that was handed over before the call. False
  // at the deadline, or if something had to be dropped that no call had told of yet when
  // told_drops() was asked: before the hand-over that this call waits for.
  bool wait_delivered(std::chrono::steady_clock::time_point deadline, std::uint64_t told_drops);
  [[nodiscard]] std::uint64_t told_drops() const;

  // A consistent copy; also after the end.
  [[nodiscard]] UploadStats stats() const;
  // What the budgets limit.
  [[nodiscard]] std::size_t bytes_held() const;

  // Stops accepting (what comes is dropped as kStopped), sends until the deadline, drops the rest
  // as kDeadline and says so in one line. Afterwards there is no thread and no socket. A second
  // call waits for the first one.
  void shutdown(std::chrono::steady_clock::time_point deadline);
  // The deadline that the coming on_shutdown() keeps.
  void set_shutdown_deadline(std::chrono::steady_clock::time_point deadline);

  // In a forked child: from now on every function returns at once and the destructor leaves the
  // parent's thread, locks and memory alone. Async-signal-safe.
  void abandon_after_fork() noexcept;

  void on_startup(std::shared_ptr<const ProcessInfo> process) override;
  void on_shutdown() override;
  bool on_log_enabled(const LogMetadata& metadata) override;
  void on_init_log_stream(const LogStream& stream) override;
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override;
  void on_init_metrics_stream(const MetricsStream& stream) override;
  void on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) override;
  void on_init_thread_stream(const ThreadStream& stream) override;
  void on_process_thread_block(std::shared_ptr<const ThreadBlock> block) override;
  void on_init_image_stream(const ImageStream& stream) override;
  void on_process_image_block(std::shared_ptr<const ImageBlock> block) override;
  void on_end_thread_stream(const ThreadStream& stream) override;
  // While anything is unacknowledged.
  [[nodiscard]] bool is_busy() const override;

 private:
  struct Impl;
  explicit HttpSink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_TRANSPORT_HTTP_SINK_H_
