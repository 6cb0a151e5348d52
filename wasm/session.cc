// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/session.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <utility>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/wasm/clock.h"

namespace micromegas::wasm {

constinit std::atomic<std::uint8_t> g_max_level{0};

namespace {

struct Session {
  std::mutex mutex;
  SessionId id = 0;  // of the last one
  std::shared_ptr<EventSink> sink;
  Uuid process_id;
  std::unique_ptr<Filters> filters;  // a vector has no constexpr constructor in older libc++s
  std::terminate_handler previous_terminate = nullptr;
  std::atomic<bool> has_targets{false};
  std::atomic<std::uint64_t> recorded{0};
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> next_span_id{1};
};

// Never destroyed: static destructors may log.
union Forever {
  constexpr Forever() : session() {}
  ~Forever() {}  // NOLINT(modernize-use-equals-default)
  Session session;
};
constinit Forever g_forever;

Session& session() noexcept { return g_forever.session; }

// A sink may log; what it logs while it shows a line is not given to it, or there would be no end.
thread_local bool t_in_sink = false;

// False when the sink threw, or is being called on this thread already.
template <class Call>
bool in_sink(Call&& call) noexcept {
  if (t_in_sink) return false;
  t_in_sink = true;
  bool ok = false;
#if defined(__cpp_exceptions)
  // Without -fexceptions the compiler leaves the handlers out, and a throw ends the program.
  try {
    call();
    ok = true;
  } catch (const std::exception& error) {
    diagnose("sink.threw", error.what());
  } catch (...) {
    diagnose("sink.threw", "a sink threw something that is not a std::exception");
  }
#else
  call();
  ok = true;
#endif
  t_in_sink = false;
  return ok;
}

// Start and end are told also when a sink is what starts or ends telemetry.
template <class Call>
void in_sink_always(Call&& call) noexcept {
  const bool outer = std::exchange(t_in_sink, false);
  in_sink(call);
  t_in_sink = outer;
}

// The most that any target is allowed, so that the macros' first look is one comparison.
void open_locked(Session& s) noexcept {
  LevelFilter most = s.filters->max_level;
  for (const auto& [prefix, level] : s.filters->targets) most = std::max(most, level);
  s.has_targets.store(!s.filters->targets.empty(), std::memory_order_relaxed);
  g_max_level.store(static_cast<std::uint8_t>(most), std::memory_order_relaxed);
}

bool target_allows(const LogMetadata& metadata) {
  const std::lock_guard lock(session().mutex);
  if (session().filters == nullptr) return false;
  const Filters& filters = *session().filters;
  LevelFilter best = filters.max_level;
  std::size_t length = 0;
  for (const auto& [prefix, level] : filters.targets) {
    if (prefix.size() < length || !metadata.target.starts_with(prefix)) continue;
    best = level;
    length = prefix.size();
  }
  return allows(best, metadata.level);
}

[[noreturn]] void on_terminate() {
  constexpr std::string_view kText = "std::terminate() was called";
  static constinit LogMetadata metadata{
      .level = Level::kFatal, .text = kText, .target = "micromegas"};
  const std::terminate_handler previous = session().previous_terminate;
  static constinit std::atomic<bool> said{false};
  // Once: the sink may be what terminates, and a handler may call the one before it in a circle.
  if (!said.exchange(true)) {
    t_in_sink = false;
    dispatch::log(metadata, kText);
  }
  if (previous != nullptr) previous();
  std::abort();
}

}  // namespace

Result<SessionId> start_session(std::shared_ptr<EventSink> sink, PropertyMap process_properties,
                                Filters filters) {
  Session& s = session();
  const Uuid process_id = Uuid::random();
  SessionId id = 0;
  {
    const std::lock_guard lock(s.mutex);
    if (s.sink != nullptr) {
      return Error("telemetry is already running in this process: end it before starting it again");
    }
    id = ++s.id;
    s.sink = sink;
    s.process_id = process_id;
    s.filters = std::make_unique<Filters>(std::move(filters));
    s.recorded = s.delivered = s.failed = 0;
    s.previous_terminate = std::set_terminate(&on_terminate);
  }
  auto process = std::make_shared<const ProcessInfo>(
      dispatch::make_process_info(process_id, std::nullopt, std::move(process_properties)));
  in_sink_always([&] { sink->on_startup(std::move(process)); });
  const std::lock_guard lock(s.mutex);
  if (s.sink == sink && s.id == id) open_locked(s);  // unless the sink has ended it
  return id;
}

bool stop_session(SessionId id) {
  Session& s = session();
  std::shared_ptr<EventSink> sink;
  {
    const std::lock_guard lock(s.mutex);
    if (s.sink == nullptr || (id != 0 && id != s.id)) return false;
    g_max_level.store(0, std::memory_order_relaxed);
    sink = std::move(s.sink);
    s.sink = nullptr;
    if (std::get_terminate() == &on_terminate) std::set_terminate(s.previous_terminate);
  }
  in_sink_always([&] { sink->on_shutdown(); });
  return true;
}

bool session_running(SessionId id) {
  Session& s = session();
  const std::lock_guard lock(s.mutex);
  return s.sink != nullptr && (id == 0 || id == s.id);
}

void forget_everything() {
  stop_session(0);
  Session& s = session();
  const std::lock_guard lock(s.mutex);
  s.filters.reset();
  s.has_targets = false;
  s.recorded = s.delivered = s.failed = 0;
  s.next_span_id = 1;
}

std::shared_ptr<EventSink> session_sink() {
  const std::lock_guard lock(session().mutex);
  return session().sink;
}

std::optional<Uuid> session_process_id() {
  const std::lock_guard lock(session().mutex);
  if (session().sink == nullptr) return std::nullopt;
  return session().process_id;
}

void change_filters(FunctionRef<void(Filters&)> change) {
  Session& s = session();
  const std::lock_guard lock(s.mutex);
  if (s.sink == nullptr) return;
  change(*s.filters);
  open_locked(s);
}

bool wanted(const LogMetadata& metadata) noexcept {
  if (session().has_targets.load(std::memory_order_relaxed) && !target_allows(metadata)) {
    return false;
  }
  const std::shared_ptr<EventSink> sink = session_sink();
  bool answer = false;
  if (sink != nullptr) in_sink([&] { answer = sink->on_log_enabled(metadata); });
  return answer;
}

void deliver(const LogMetadata& metadata, std::span<const Property> properties,
             std::string_view text) noexcept {
  Session& s = session();
  const std::shared_ptr<EventSink> sink = session_sink();
  if (sink == nullptr) return;
  s.recorded.fetch_add(1, std::memory_order_relaxed);
  const bool ok = in_sink([&] { sink->on_log(metadata, properties, now(), text); });
  (ok ? s.delivered : s.failed).fetch_add(1, std::memory_order_relaxed);
}

KindStats log_stats() noexcept {
  Session& s = session();
  KindStats stats;
  stats.recorded = s.recorded.load(std::memory_order_relaxed);
  stats.delivered = s.delivered.load(std::memory_order_relaxed);
  stats.dropped[static_cast<std::size_t>(DropReason::kSinkFailed)] =
      s.failed.load(std::memory_order_relaxed);
  return stats;
}

std::uint64_t next_span_id() noexcept {
  return session().next_span_id.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace micromegas::wasm
