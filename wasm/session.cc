// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/session.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/wasm/clock.h"
#include "micromegas/wasm/context.h"
#include "micromegas/wasm/mutex.h"
#include "micromegas/wasm/running_sink.h"
#include "micromegas/wasm/terminate.h"

namespace micromegas::wasm {

constinit std::atomic<std::uint8_t> g_max_level{0};
constinit std::atomic<WithContext> g_with_context{nullptr};

namespace {

struct Session {
  Mutex mutex;
  SessionId id = 0;  // of the last one
  std::shared_ptr<RunningSink> running;
  Uuid process_id;
  std::unique_ptr<Filters> filters;  // a vector has no constexpr constructor in older libc++s
  std::atomic<bool> has_targets{false};
  std::atomic<std::uint64_t> recorded{0};
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> left_out{0};
  std::atomic<std::uint64_t> refused_properties{0};
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

std::shared_ptr<RunningSink> running() {
  const std::lock_guard lock(session().mutex);
  return session().running;
}

// The most that any target is allowed, so that the macros' first look is one comparison.
void open_locked(Session& s) noexcept {
  bool has_targets = !s.filters->log.targets.empty();
  LevelFilter most = LevelFilter::kOff;
  for (const LogFilter& sink : s.filters->sinks) {
    most = std::max(most, sink.most());
    has_targets = has_targets || !sink.targets.empty();
  }
  most = std::min(most, s.filters->log.most());
  s.has_targets.store(has_targets, std::memory_order_relaxed);
  g_max_level.store(static_cast<std::uint8_t>(most), std::memory_order_relaxed);
}

bool target_allows(const LogMetadata& metadata) {
  const std::lock_guard lock(session().mutex);
  if (session().filters == nullptr) return false;
  const Filters& filters = *session().filters;
  return filters.log.allows(metadata.level, metadata.target) &&
         std::any_of(filters.sinks.begin(), filters.sinks.end(), [&](const LogFilter& sink) {
           return sink.allows(metadata.level, metadata.target);
         });
}

}  // namespace

Result<SessionId> start_session(std::shared_ptr<EventSink> sink, PropertyMap process_properties,
                                Filters filters) {
  Session& s = session();
  const Uuid process_id = Uuid::random();
  auto running = std::make_shared<RunningSink>(std::move(sink));
  SessionId id = 0;
  {
    const std::lock_guard lock(s.mutex);
    if (s.running != nullptr) {
      return Error("telemetry is already running in this process: end it before starting it again");
    }
    id = ++s.id;
    s.running = running;
    s.process_id = process_id;
    s.filters = std::make_unique<Filters>(std::move(filters));
    s.recorded = s.delivered = s.failed = s.left_out = s.refused_properties = 0;
    install_terminate_handler();
  }
  running->start(std::make_shared<const ProcessInfo>(
      dispatch::make_process_info(process_id, std::nullopt, std::move(process_properties))));
  const std::lock_guard lock(s.mutex);
  if (s.running == running) open_locked(s);  // unless it has been ended
  return id;
}

bool stop_session(SessionId id, std::chrono::milliseconds timeout) {
  Session& s = session();
  std::shared_ptr<RunningSink> running;
  {
    const std::lock_guard lock(s.mutex);
    if (s.running == nullptr || (id != 0 && id != s.id)) return true;
    g_max_level.store(0, std::memory_order_relaxed);
    running.swap(s.running);
    remove_terminate_handler();
  }
  return running->end(timeout);
}

bool session_running(SessionId id) {
  Session& s = session();
  const std::lock_guard lock(s.mutex);
  return s.running != nullptr && (id == 0 || id == s.id);
}

SessionId last_session() noexcept {
  const std::lock_guard lock(session().mutex);
  return session().id;
}

void forget_everything() {
  stop_session(0, kShutdownWait);
  Session& s = session();
  const std::lock_guard lock(s.mutex);
  s.filters.reset();
  s.has_targets = false;
  s.recorded = s.delivered = s.failed = s.left_out = s.refused_properties = 0;
  s.next_span_id = 1;
}

std::shared_ptr<EventSink> session_sink() {
  const std::shared_ptr<RunningSink> now = running();
  return now == nullptr ? nullptr : now->sink();
}

std::optional<Uuid> session_process_id() {
  const std::lock_guard lock(session().mutex);
  if (session().running == nullptr) return std::nullopt;
  return session().process_id;
}

void change_filters(FunctionRef<void(Filters&)> change) {
  Session& s = session();
  const std::lock_guard lock(s.mutex);
  if (s.running == nullptr) return;
  change(*s.filters);
  open_locked(s);
}

bool wanted(const LogMetadata& metadata) noexcept {
  if (session().has_targets.load(std::memory_order_relaxed) && !target_allows(metadata)) {
    return false;
  }
  const std::shared_ptr<RunningSink> sink = running();
  const RunningSink::Visit visit(sink.get());
  bool answer = false;
  if (visit) call_sink([&] { answer = visit->on_log_enabled(metadata); });
  return answer;
}

void deliver(const LogMetadata& metadata, std::span<const Property> properties,
             std::string_view text) noexcept {
  Session& s = session();
  const std::shared_ptr<RunningSink> sink = running();
  const RunningSink::Visit visit(sink.get());
  if (!visit) return;
  s.recorded.fetch_add(1, std::memory_order_relaxed);
  const bool ok = call_sink([&] {
    const auto give = [&](std::span<const Property> all) {
      visit->on_log(metadata, all, now(), text);
    };
    const WithContext with_context = g_with_context.load(std::memory_order_acquire);
    with_context == nullptr ? give(properties) : with_context(properties, give);
  });
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

std::uint64_t left_out_logs() noexcept {
  return session().left_out.load(std::memory_order_relaxed);
}

bool count_refused_properties(std::size_t n) noexcept {
  return session().refused_properties.fetch_add(n, std::memory_order_relaxed) == 0;
}

std::uint64_t refused_properties() noexcept {
  return session().refused_properties.load(std::memory_order_relaxed);
}

std::uint64_t next_span_id() noexcept {
  return session().next_span_id.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace micromegas::wasm

namespace micromegas::detail {

// Of pipeline/instrument/rate.h.
void count_left_out() noexcept { wasm::session().left_out.fetch_add(1, std::memory_order_relaxed); }

}  // namespace micromegas::detail
