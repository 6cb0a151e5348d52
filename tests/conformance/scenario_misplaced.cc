// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Spans that do not end as they should: whose end is repaired, made up, or told with a reason.

#include <asio.hpp>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "micromegas/asio.h"
#include "micromegas/dispatch.h"
#include "micromegas/tests/conformance/scenario.h"

namespace micromegas::conformance {
namespace {

void hand_over() {
  if (!flush(std::chrono::seconds(30))) std::abort();
}

json thread_span(const char* thread, int depth, const char* name) {
  return {
      {"kind", "span"}, {"thread", thread},    {"depth", depth}, {"name", name},
      {"target", "m"},  {"file", "elsewhere"}, {"line", 1},      {"properties", json::object()}};
}

// The outer one ends first: the inner one ends with it, and its own end is nothing.
void end_out_of_order(Expected& e, const char* thread) {
  static constinit SpanMetadata outer{.name = "outer",
                                      .location = {.target = "m", .file = "elsewhere", .line = 1}};
  static constinit SpanMetadata inner{.name = "inner",
                                      .location = {.target = "m", .file = "elsewhere", .line = 1}};
  const std::size_t first = e.add(thread_span(thread, e.depth() + 1, "outer"));
  const std::size_t second = e.add(thread_span(thread, e.depth() + 2, "inner"));
  std::int64_t before = now();
  auto one = std::make_unique<SpanGuard>(outer);
  auto two = std::make_unique<SpanGuard>(inner);
  e.row(first)["begin"] = e.row(second)["begin"] = {before, now()};
  before = now();
  one.reset();
  e.row(first)["end"] = e.row(second)["end"] = {before, now()};
  two.reset();
  e.drops(1);
}

// Ends on another thread: there it is nobody's, here it ends before what comes next.
void end_elsewhere(Expected& e, const char* thread) {
  static constinit SpanMetadata abandoned{
      .name = "abandoned", .location = {.target = "m", .file = "elsewhere", .line = 1}};
  SCENARIO_SPAN(e, thread, "around it", __FILE__, MM_SPAN("around it"));
  const std::size_t row = e.add(thread_span(thread, e.depth() + 1, "abandoned"));
  const std::int64_t before = now();
  auto guard = std::make_unique<SpanGuard>(abandoned);
  e.row(row)["begin"] = {before, now()};
  std::thread([&] { guard.reset(); }).join();
  e.drops(1);
  hand_over();
  { SCENARIO_SPAN(e, thread, "after it", __FILE__, MM_SPAN("after it")); }
  e.row(row)["end"] = {before, now()};
}

// A track that is closed while spans are open, and one that is told nonsense.
void close_tracks(Expected& all) {
  Expected e(all.compatibility());
  const auto row = [](const char* track, int depth, const char* name) {
    json row = thread_span(track, depth, name);
    row.update({{"target", "track"}, {"file", ""}, {"line", 0}});
    return row;
  };
  Track track("closed");
  std::size_t rows[2];
  int depth = 0;
  for (const char* name : {"open", "open inside"}) {
    rows[depth] = e.add(row("closed", depth + 1, name));
    const std::int64_t before = now();
    track.begin(name);
    e.row(rows[depth++])["begin"] = {before, now()};
  }
  const std::int64_t before = now();
  track.close();
  hand_over();
  for (const std::size_t at : rows) e.row(at)["end"] = {before, now()};
  track.end();
  e.drops(1);

  Track odd("odd");
  odd.end();
  e.drops(1);
  const std::int64_t t = now();
  json good = row("odd", 1, "good");
  good.update({{"begin", {t, t}}, {"end", {t + 100, t + 100}}});
  e.add(good);
  odd.span("good", t, t + 100);
  odd.span("too early", t + 50, t + 200);
  e.drops(2);
  all.append(std::move(e));
}

// --- ends of asynchronous spans, with their reason ---

struct Waiting {
  std::uint64_t id = 0;
  std::int64_t since = 0;
};

asio::awaitable<void> wait(Waiting& waiting) {
  waiting = {current_span_id(), now()};
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
  co_await timer.async_wait(asio::use_awaitable);
}

constexpr int kLine = __LINE__ + 2;
asio::awaitable<void> wait_in(const char* name, Waiting& waiting) {
  co_await MM_ASYNC_SPAN_DYN_T("m", std::string(name), wait(waiting));
}

// `end` ends what waits in the context.
template <class End>
void end_what_waits(Expected& e, const char* name, End end) {
  auto context = std::make_unique<asio::io_context>();
  asio::cancellation_signal cancel;
  Waiting waiting;
  const std::int64_t before = now();
  micromegas::co_spawn(*context, wait_in(name, waiting),
                       asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  context->poll();
  const json row = {{"id", waiting.id}, {"parent", 0},      {"depth", 0},   {"name", name},
                    {"target", "m"},    {"file", __FILE__}, {"line", kLine}};
  e.async_at("begin", row, {before, waiting.since});
  e.async("end", row, [&] { end(context, cancel); }, {{"micromegas.end", name}});
}

void end_asynchronously(Expected& e) {
  end_what_waits(e, "cancelled", [](auto& context, auto& cancel) {
    cancel.emit(asio::cancellation_type::terminal);
    context->run();
  });
  end_what_waits(e, "destroyed", [](auto& context, auto&) { context.reset(); });
}

}  // namespace

void record_misplaced(Expected& e, const char* thread) {
  end_out_of_order(e, thread);
  end_elsewhere(e, thread);
  close_tracks(e);
  end_asynchronously(e);
}

}  // namespace micromegas::conformance
