// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a program starts with:
//
//   int main() {
//     auto telemetry = micromegas::init_telemetry({
//         .url = "http://127.0.0.1:8081",
//         .properties = {{"service", "matchmaker"}, {"region", "eu"}},
//     });
//     if (!telemetry) std::fprintf(stderr, "%s\n", telemetry.error().message().c_str());
//     ...
//   }  // the guard flushes, waits up to its deadline and says what was lost
//
// Code that is instrumented includes instrument.h; only the program includes this. The same on
// wasm32, where the options that speak of servers, queues, blocks, signals and the environment are
// without effect (docs/wasm.md).
#ifndef MICROMEGAS_TELEMETRY_H_
#define MICROMEGAS_TELEMETRY_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/instrument/level.h"
#include "micromegas/pipeline/instrument/log_filter.h"
#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/instrument/property_map.h"
#include "micromegas/pipeline/instrument/property_set_stats.h"
#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/pipeline/sink/redactor.h"
#include "micromegas/pipeline/sink/span_sampling.h"
#include "micromegas/pipeline/sink/stats.h"
#include "micromegas/pipeline/sink/wire_compatibility.h"
#include "micromegas/platform/result.h"
#include "micromegas/platform/uuid.h"

namespace micromegas {

class CredentialProvider;  // micromegas/credential_provider.h

// A sink of the program's own, and the logs that it gets, as lines and in blocks.
struct ExtraSink {
  std::shared_ptr<EventSink> sink = nullptr;
  LogFilter filter = {};
};

// Of which kinds a thread waits for room instead of dropping an event that finds none.
struct WaitWhenFull {
  bool logs = false;
  bool metrics = false;
  bool spans = false;
};

// An option set here wins over its environment variable; a blank variable counts as unset; a value
// that cannot be read is an error of init_telemetry(). Sizes in bytes.
struct TelemetryOptions {
  // The server, with or without a path; empty: nothing is uploaded.
  std::string url = {};      // MICROMEGAS_TELEMETRY_URL
  std::string api_key = {};  // MICROMEGAS_INGESTION_API_KEY
  // Without an api_key, OpenID Connect client credentials; the first three go together.
  std::string oidc_token_endpoint = {};  // MICROMEGAS_OIDC_TOKEN_ENDPOINT
  std::string oidc_client_id = {};       // MICROMEGAS_OIDC_CLIENT_ID
  std::string oidc_client_secret = {};   // MICROMEGAS_OIDC_CLIENT_SECRET
  std::string oidc_audience = {};        // MICROMEGAS_OIDC_AUDIENCE
  std::optional<std::chrono::seconds> oidc_token_buffer = {};
  // ^ MICROMEGAS_OIDC_TOKEN_BUFFER_SECONDS; 180 s: how early a token is replaced
  std::shared_ptr<CredentialProvider> credential_provider = nullptr;  // of your own; before both
  // PEM files for an https:// url: who may sign the server's certificate (else the system's roots);
  // our own certificate with its chain, and its key (else in the same file), if the server wants
  // one.
  std::string ca_file = {};                  // MICROMEGAS_TELEMETRY_CA_FILE
  std::string client_certificate_file = {};  // MICROMEGAS_TELEMETRY_CLIENT_CERTIFICATE_FILE
  std::string client_key_file = {};          // MICROMEGAS_TELEMETRY_CLIENT_KEY_FILE

  // Of the process. Keys that begin with "micromegas." belong to the server and are an error.
  PropertyMap properties = {};     // MICROMEGAS_PROCESS_PROPERTIES: "k=v,k=v"; these win
  bool default_properties = true;  // exe, username, realname, computer, distro, cpu_brand,
                                   // physical_core_count, logical_cpu_count, total_memory

  // Asked for every property of an event or of the process before a sink sees it. Not on wasm32,
  // where nothing leaves the process.
  Redactor redactor = nullptr;

  // A log is recorded if log_filter and the filter of a sink let it through; a sink gets what its
  // own filter lets through of that. A variable reads as "info,net=debug" (log_filter.h).
  std::optional<LogFilter> log_filter = {};      // MICROMEGAS_LOG; everything
  bool console = true;                           // live lines on stderr
  std::optional<LogFilter> console_filter = {};  // MICROMEGAS_LOCAL_SINK_MAX_LEVEL; info
  std::optional<LogFilter> upload_filter = {};   // MICROMEGAS_TELEMETRY_SINK_MAX_LEVEL; debug
  std::vector<ExtraSink> sinks = {};
  // Of metrics and spans.
  std::optional<VerbosityFilter> max_verbosity = {};  // MICROMEGAS_MAX_VERBOSITY; max
  std::optional<bool> cpu_tracing = {};               // MICROMEGAS_ENABLE_CPU_TRACING; true

  // Which of the recorded spans are sent; how long after their end they may still be chosen, and
  // what may wait for that (sampling.h).
  std::optional<SpanSampling> span_sampling = {};  // MICROMEGAS_SPAN_SAMPLING, all or windows; all
  std::chrono::milliseconds span_sampling_hold{10'000};
  std::size_t span_sampling_bytes = 32U << 20;

  // Whether each log carries the properties thread.id, thread.name and, in a thread span,
  // span.name.
  std::optional<bool> log_origin = {};  // MICROMEGAS_LOG_ORIGIN; false

  // Memory of all threads' queues; when it is spent, events are dropped and counted.
  std::size_t queue_bytes = 64U << 20;
  // Memory of images until they are handed to the upload; beyond it they are dropped and counted.
  std::size_t image_bytes = 65U << 20;  // the largest image and some small ones
  // Unless the thread that records them is to wait, while that memory is spent or the upload has no
  // more room than for what is on its way to it. Never on a thread of the library's. Kinds that do
  // not wait leave the others that room: they are dropped sooner.
  std::optional<WaitWhenFull> wait_when_full = {};
  // ^ MICROMEGAS_TELEMETRY_WAIT_WHEN_FULL, "logs,metrics,spans" or "none"; none
  // No wait is longer, and after one that was in vain nobody waits for the same again until there
  // has been room.
  std::optional<std::chrono::milliseconds> wait_limit = {};
  // ^ MICROMEGAS_TELEMETRY_WAIT_LIMIT_SECS; 1 s
  // How long an event waits for its block at most.
  std::optional<std::chrono::milliseconds> flush_period = {};  // MICROMEGAS_FLUSH_PERIOD, s; 60 s
  // A block is cut when its records pass this.
  std::size_t log_block_bytes = 4U << 20;
  std::size_t metrics_block_bytes = 1U << 20;
  std::size_t thread_block_bytes = 4U << 20;

  // Everything that waits for the server: past the first, spans are dropped (unless they wait, see
  // wait_when_full); past the second, logs and metrics too.
  std::optional<std::size_t> upload_soft_bytes =
      {};  // MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES; 128 MiB
  std::optional<std::size_t> upload_hard_bytes =
      {};                                 // MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES; 256 MiB
  std::optional<int> max_in_flight = {};  // MICROMEGAS_TELEMETRY_MAX_IN_FLIGHT_REQUESTS; 3
  std::optional<std::chrono::milliseconds> request_timeout = {};
  // ^ MICROMEGAS_TELEMETRY_REQUEST_TIMEOUT_SECS; 10 s for connect, send and receive

  // For a server whose analytics are older than 0.33. MICROMEGAS_TELEMETRY_WIRE_COMPATIBILITY: 0.30
  // or 0.33
  std::optional<WireCompatibility> wire_compatibility = {};

  // How often the machine's and the process's use of processors and memory, and more, are recorded
  // as metrics. 0: never. Unset: 5 s if there is a url or an extra sink, else never.
  std::optional<std::chrono::milliseconds> system_metrics_period = {};
  // ^ MICROMEGAS_SYSTEM_METRICS_PERIOD, s

  // How long the guard's destructor, and exit(), wait for the server.
  std::chrono::milliseconds shutdown_deadline{5000};
  // Flush on SIGINT, SIGTERM and SIGHUP, then let the signal do what it would have done.
  bool handle_signals = false;
  // Record at the end, as the metric process_lifetime, what ended the process or its telemetry.
  bool report_end = true;
  // When the program calls std::terminate, as for an exception that nobody catches: log why, at
  // fatal level, and flush; then what would have happened.
  bool handle_terminate = true;
};

// Ends telemetry when it is destroyed. Movable; in a forked child it does nothing.
class [[nodiscard]] TelemetryGuard {
 public:
  TelemetryGuard(TelemetryGuard&& other) noexcept : id_(other.id_), deadline_(other.deadline_) {
    other.id_ = 0;
  }
  TelemetryGuard& operator=(TelemetryGuard&& other) noexcept;
  ~TelemetryGuard();

 private:
  friend Result<TelemetryGuard> init_telemetry(TelemetryOptions options);
  TelemetryGuard(std::uint64_t id, std::chrono::milliseconds deadline) noexcept
      : id_(id), deadline_(deadline) {}

  std::uint64_t id_;
  std::chrono::milliseconds deadline_;
};

// Starts telemetry for the process. An error names the option or variable, its value and the
// remedy; the program can go on without telemetry. Running twice at once is an error; again after
// the end is fine. MICROMEGAS_TELEMETRY_PARENT_PROCESS is read as the parent's id and, while the
// process has only one thread, set to this process's, for its children.
Result<TelemetryGuard> init_telemetry(TelemetryOptions options = {});

// True when every sink has taken, and the server has acknowledged, everything recorded before the
// call; false after `timeout`, when telemetry is not running, when memory was too short for it, or
// when events were dropped for want of room or refused since the last flush that had ended when
// this one began.
bool flush(std::chrono::milliseconds timeout);

// Ends telemetry now; the guard then has nothing left to do. False when something was left behind:
// unsent events (in stats() as dropped) or a sink that did not return.
bool shutdown(std::chrono::milliseconds deadline);

struct TelemetryStats {
  // recorded = delivered + dropped (by reason) + sampled out + held, for each kind. Exact while
  // nobody records.
  EventStats events{};
  // Of the upload; bytes are request bodies.
  std::uint64_t blocks_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;
  std::uint64_t cut_texts = 0;  // log texts, property values, names and units that were cut
  std::uint64_t lost_span_properties = 0;  // for which there was no room; their spans are whole
  std::uint64_t refused_properties = 0;    // given at run time: a name that cannot be one, too many
  std::uint64_t misplaced_spans = 0;       // thread spans held by a coroutine that suspended, or
                                           // ended on another thread; each call site is said once
  std::uint64_t left_out_logs = 0;         // by rate helpers; they are not in `events`
  PropertySetStats property_sets{};        // interned, refused, cut; since the process's start
  std::size_t queue_memory = 0;            // bytes of queue segments in existence
  std::size_t upload_memory = 0;           // bytes that wait for the server
  // How often a thread waited for room (wait_when_full), how often to the limit, and all the time.
  std::uint64_t waits = 0;
  std::uint64_t waits_in_vain = 0;
  std::chrono::nanoseconds wait_time{};

  [[nodiscard]] KindStats total() const noexcept;
};
// Of the running telemetry, else of the last one. Waits for the flush actor, 1 s at most.
TelemetryStats stats();

// Filters while telemetry runs; any thread. They reach every call site at its next event. A sink's
// also holds for the blocks that are made afterwards, of earlier events too: flush() first if those
// matter.
//
// Text as in the environment, in place of the whole filter; blank: the default. An error shows what
// is wrong with it and where, or says that telemetry does not run or has no such sink.
Result<void> set_log_filter(std::string_view text);
Result<void> set_console_filter(std::string_view text);
Result<void> set_upload_filter(std::string_view text);
Result<void> set_sink_filter(const EventSink& sink, std::string_view text);  // one of your own
// Of the log filter, the level of targets that no prefix fits, and that of one prefix. False:
// telemetry does not run, nothing is changed; options and variables say what it starts with.
bool set_max_level(LevelFilter level);
bool set_target_level(std::string_view target_prefix, LevelFilter level);
// Of metrics and spans. A span that has begun ends all the same. False: as above.
bool set_max_verbosity(VerbosityFilter verbosity);

// Properties that every log, metric, thread span and end of an asynchronous span of the process
// carries from now on, in the place of those set before; of a thread or a scope: context.h. Also
// before the start, for all telemetry to come. An error if a name is one that the server reads
// otherwise, or too long. What is past the limits of a PropertySet is cut, or left out, and
// counted: cut_texts, refused_properties.
Result<void> set_process_context(const PropertyMap& properties);

// In place of the option; 0: never; else 100 ms at least, a day at most. Any thread, while
// telemetry is running.
void set_system_metrics_period(std::chrono::milliseconds period);

// None before and after.
std::optional<Uuid> process_id();

// The calling thread's name in the system (15 bytes) and on its stream (1 KiB); give it before the
// first event.
void set_thread_name(std::string_view name);
// Does the first event's work early: registration, memory.
void prepare_thread();

// A log whose level, target and text are known only now.
// They are copied; `properties` as dispatch.h says. For a bridge from another logger: no lock.
void log_dynamic(Level level, std::string_view target, std::string_view text,
                 std::span<const Property> properties = {});
inline void log_dynamic(Level level, std::string_view target, std::string_view text,
                        std::initializer_list<Property> properties) {
  log_dynamic(level, target, text,
              std::span<const Property>(properties.begin(), properties.size()));
}

// Nanoseconds (on wasm32: microseconds) since the Unix epoch by the clock that stamps the events.
std::int64_t now() noexcept;
// Ticks of now() per second.
constexpr std::int64_t frequency() noexcept { return kTicksPerSecond; }

// One instant on both clocks.
struct DualTime {
  std::int64_t ticks = 0;                           // as now()
  std::chrono::system_clock::time_point time = {};  // as the system says

  static DualTime now() noexcept;
};

}  // namespace micromegas

#endif  // MICROMEGAS_TELEMETRY_H_
