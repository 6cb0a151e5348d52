// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What events carry from where they are: a scope, their thread, their process, a request's trace.

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

#include "micromegas/tests/conformance/scenario.h"
#include "micromegas/traceparent.h"

namespace micromegas::conformance {
namespace {

using namespace literals;

void record_scopes(Expected& e) {
  const ContextScope outer("tenant"_k = "acmé", "n"_k = 1);
  e.log(4, "context", "in a scope", [] { MM_INFO_T("context", "in a scope"); },
        {{"tenant", "acmé"}, {"n", "1"}});
  {
    const ContextScope inner("n"_k = 2);
    e.log(4, "context", "alice in two",
          [] { MM_INFO_T("context", "{user} in two", "user"_k = "alice", "tenant"_k = "own"); },
          {{"user", "alice"}, {"tenant", "own"}, {"n", "2"}});
    e.metric("context", "carries", "count", 3,
             [] { MM_IMETRIC_T("context", "carries", "count", 3U); },
             {{"n", "2"}, {"tenant", "acmé"}});
  }
  e.log(4, "context", "7 of text", [] { MM_INFO_T("context", "{} of text", 7); },
        {{"tenant", "acmé"}, {"n", "1"}});
}

// One event of each kind, which carries `properties`.
void record_each(Expected& e, const char* thread, const Expected::Properties& properties) {
  e.log(
      4, thread, "literal", [&] { log_dynamic(Level::kInfo, thread, "literal"); }, properties);
  e.log(
      3, "context each", "a text", [] { MM_WARN_T("context each", "{} text", "a"); }, properties);
  e.metric(
      "context each", "m", "ms", 0.5, [] { MM_FMETRIC_T("context each", "m", "ms", 0.5); },
      properties);
  SCENARIO_SPAN(e, thread, "span", __FILE__, MM_SPAN("span"));
  scenario_outside.properties(properties);
}

void record_thread_context(Expected& e) {
  Expected own(e.compatibility());
  std::thread([&] {
    constexpr char kThread[] = "with context";
    set_thread_name(kThread);
    set_thread_context("worker"_k = 7, "pool"_k = "größe");
    record_each(own, kThread, {{"worker", "7"}, {"pool", "größe"}});
    set_thread_context("worker"_k = 8);
    record_each(own, kThread, {{"worker", "8"}});
  }).join();
  e.append(std::move(own));
  if (!flush(std::chrono::seconds(30))) std::abort();  // before others of the same targets
}

void record_process_context(Expected& e, const char* thread) {
  if (!set_process_context({{"stage", "beta ü"}, {"empty", ""}})) return;
  record_each(e, thread, {{"stage", "beta ü"}, {"empty", ""}});
  if (!set_process_context({})) return;
  record_each(e, thread, {});
}

void record_trace(Expected& e, const char* thread) {
  const TraceScope scope(
      TraceContext::from("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  const Expected::Properties trace = {{"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"},
                                      {"span_id", scope.trace().span_id()},
                                      {"parent_span_id", "00f067aa0ba902b7"}};
  record_each(e, thread, trace);
  std::int64_t before = now();
  const int line = __LINE__ + 1;
  AsyncSpan span = MM_BEGIN_ASYNC_SPAN_T("trace", "request");
  const json row = {{"id", span.id()},   {"parent", 0},      {"depth", 0},  {"name", "request"},
                    {"target", "trace"}, {"file", __FILE__}, {"line", line}};
  e.async_at("begin", row, {before, now()});
  scope.trace().set_on(span);
  e.async(
      "end", row, [&] { span.end(); }, trace);
}

}  // namespace

void record_context(Expected& e, const char* thread) {
  record_scopes(e);
  record_thread_context(e);
  record_process_context(e, thread);
  record_trace(e, thread);
}

}  // namespace micromegas::conformance
