// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The contract of dispatch.h, instrument.h and EventSink, on every platform: each function by its
// address and exact type, each macro once, each of the sink's functions overridden. This file does
// not compile when a signature changes or an overload appears, and parity_test.sh fails when
// something is missing from it; what one platform lacks does not compile or link there.

#include "micromegas/tests/pipeline/dispatch_parity.h"

#include "micromegas/dispatch.h"
#include "micromegas/instrument.h"
#include "micromegas/sink.h"

#if __has_include(<coroutine>)
#include <coroutine>
#endif

namespace micromegas {
namespace {

using std::size_t;
using std::string_view;
using std::uint32_t;
using std::uint64_t;
using Properties = std::span<const Property>;

template <class Function>
class Addresses {
 public:
  template <Function* function>
  static const void* of() {
    return reinterpret_cast<const void*>(function);
  }
};

#define MICROMEGAS_PARITY_(function, ...) Addresses<__VA_ARGS__>::of<&dispatch::function>()

}  // namespace

std::vector<const void*> dispatch_functions() {
  return {
      MICROMEGAS_PARITY_(
          init_event_dispatch,
          Result<void>(size_t, size_t, size_t, std::shared_ptr<EventSink>, PropertyMap, bool)),
      MICROMEGAS_PARITY_(shutdown_dispatch, void()),
      MICROMEGAS_PARITY_(force_uninit, void()),
      MICROMEGAS_PARITY_(log, void(const LogMetadata&, string_view)),
      MICROMEGAS_PARITY_(log_tagged, void(const LogMetadata&, const PropertySet&, string_view)),
      MICROMEGAS_PARITY_(log_interop, void(const LogMetadata&, string_view)),
      MICROMEGAS_PARITY_(log_enabled, bool(const LogMetadata&)),
      MICROMEGAS_PARITY_(log_dyn_tagged,
                         void(const LogMetadata&, const PropertySet&, Properties, string_view)),
      MICROMEGAS_PARITY_(log_interop_dyn_tagged, void(const LogMetadata&, Properties, string_view)),
      MICROMEGAS_PARITY_(enabled_log_sink,
                         std::optional<dispatch::EnabledLogSink>(const LogMetadata&)),
      MICROMEGAS_PARITY_(log_dyn_tagged_enabled, void(dispatch::EnabledLogSink, const LogMetadata&,
                                                      const PropertySet&, Properties, string_view)),
      MICROMEGAS_PARITY_(int_metric, void(const StaticMetricMetadata&, uint64_t)),
      MICROMEGAS_PARITY_(float_metric, void(const StaticMetricMetadata&, double)),
      MICROMEGAS_PARITY_(tagged_integer_metric,
                         void(const StaticMetricMetadata&, const PropertySet&, uint64_t)),
      MICROMEGAS_PARITY_(tagged_float_metric,
                         void(const StaticMetricMetadata&, const PropertySet&, double)),
      MICROMEGAS_PARITY_(tagged_integer_metric_dyn, void(const StaticMetricMetadata&,
                                                         const PropertySet&, Properties, uint64_t)),
      MICROMEGAS_PARITY_(tagged_float_metric_dyn,
                         void(const StaticMetricMetadata&, const PropertySet&, Properties, double)),
      MICROMEGAS_PARITY_(named_integer_metric,
                         void(const StaticMetricMetadata&, string_view, string_view,
                              const PropertySet&, Properties, uint64_t)),
      MICROMEGAS_PARITY_(named_float_metric,
                         void(const StaticMetricMetadata&, string_view, string_view,
                              const PropertySet&, Properties, double)),
      MICROMEGAS_PARITY_(on_begin_scope, void(const SpanMetadata&)),
      MICROMEGAS_PARITY_(on_end_scope, void(const SpanMetadata&)),
      MICROMEGAS_PARITY_(on_begin_named_scope, void(const SpanLocation&, string_view)),
      MICROMEGAS_PARITY_(on_end_named_scope, void(const SpanLocation&, string_view)),
      MICROMEGAS_PARITY_(on_begin_named_scope_dyn, void(const SpanLocation&, string_view)),
      MICROMEGAS_PARITY_(on_end_named_scope_dyn, void(const SpanLocation&, string_view)),
      MICROMEGAS_PARITY_(on_end_scope_tagged,
                         void(const SpanMetadata&, const PropertySet&, Properties)),
      MICROMEGAS_PARITY_(on_end_named_scope_tagged,
                         void(const SpanLocation&, string_view, const PropertySet&, Properties)),
      MICROMEGAS_PARITY_(on_begin_async_scope, uint64_t(const SpanMetadata&, uint64_t, uint32_t)),
      MICROMEGAS_PARITY_(on_end_async_scope,
                         void(uint64_t, uint64_t, const SpanMetadata&, uint32_t)),
      MICROMEGAS_PARITY_(on_begin_async_named_scope,
                         uint64_t(const SpanLocation&, string_view, uint64_t, uint32_t)),
      MICROMEGAS_PARITY_(on_end_async_named_scope,
                         void(uint64_t, uint64_t, const SpanLocation&, string_view, uint32_t)),
      MICROMEGAS_PARITY_(on_begin_async_named_scope_dyn,
                         uint64_t(const SpanLocation&, string_view, uint64_t, uint32_t)),
      MICROMEGAS_PARITY_(on_end_async_named_scope_dyn,
                         void(uint64_t, uint64_t, const SpanLocation&, string_view, uint32_t)),
      MICROMEGAS_PARITY_(on_end_async_scope_tagged, void(uint64_t, uint64_t, const SpanMetadata&,
                                                         uint32_t, const PropertySet&, Properties)),
      MICROMEGAS_PARITY_(on_end_async_named_scope_tagged,
                         void(uint64_t, uint64_t, const SpanLocation&, string_view, uint32_t,
                              const PropertySet&, Properties)),
      MICROMEGAS_PARITY_(flush_log_buffer, void()),
      MICROMEGAS_PARITY_(flush_metrics_buffer, void()),
      MICROMEGAS_PARITY_(flush_thread_buffer, void()),
      MICROMEGAS_PARITY_(init_thread_stream, void()),
      MICROMEGAS_PARITY_(unregister_thread_stream, void()),
      MICROMEGAS_PARITY_(for_each_thread_stream, void(FunctionRef<void(ThreadStream&)>)),
      MICROMEGAS_PARITY_(process_id, std::optional<Uuid>()),
      MICROMEGAS_PARITY_(cpu_tracing_enabled, std::optional<bool>()),
      MICROMEGAS_PARITY_(get_sink, std::shared_ptr<EventSink>()),
      MICROMEGAS_PARITY_(make_process_info,
                         ProcessInfo(const Uuid&, std::optional<Uuid>, PropertyMap)),
  };
}

namespace {

class EverySinkFunction final : public EventSink {
 public:
  void on_startup(std::shared_ptr<const ProcessInfo> /*process*/) override {}
  void on_shutdown() override {}
  bool on_log_enabled(const LogMetadata& /*metadata*/) override { return true; }
  void on_log(const LogMetadata& /*metadata*/, std::span<const Property> /*properties*/,
              std::int64_t /*time*/, string_view /*text*/) override {}
  void on_init_log_stream(const LogStream& /*stream*/) override {}
  void on_process_log_block(std::shared_ptr<const LogBlock> /*block*/) override {}
  void on_init_metrics_stream(const MetricsStream& /*stream*/) override {}
  void on_process_metrics_block(std::shared_ptr<const MetricsBlock> /*block*/) override {}
  void on_init_thread_stream(const ThreadStream& /*stream*/) override {}
  void on_process_thread_block(std::shared_ptr<const ThreadBlock> /*block*/) override {}
  void on_end_thread_stream(const ThreadStream& /*stream*/) override {}
  void on_init_image_stream(const ImageStream& /*stream*/) override {}
  void on_process_image_block(std::shared_ptr<const ImageBlock> /*block*/) override {}
  [[nodiscard]] bool is_busy() const override { return false; }
};

}  // namespace

std::shared_ptr<EventSink> sink_with_every_function() {
  return std::make_shared<EverySinkFunction>();
}

void use_every_macro() {
  using namespace literals;
  const std::string name = "name";
  const int n = 1;
  send_image(name, "raw", std::span<const std::byte>());
  send_image(name, "raw", std::vector<std::byte>(1));
  MM_LOG(kInfo, "{}", n);
  MM_LOG_T(kInfo, "target", "{}", n);
  MM_FATAL("{}", n);
  MM_ERROR("{}", n);
  MM_WARN("{}", n);
  MM_INFO("{}", n);
  MM_DEBUG("{}", n);
  MM_TRACE("{}", n);
  MM_FATAL_T("target", "{}", n);
  MM_ERROR_T("target", "{}", n);
  MM_WARN_T("target", "{}", n);
  MM_INFO_T("target", "{}", n);
  MM_DEBUG_T("target", "{}", n);
  MM_TRACE_T("target", "{}", n);
  if (MM_LOG_ENABLED(kInfo) && MM_LOG_ENABLED_T(kInfo, "target")) MM_LOG_FN();
  MM_LOG_EVERY_N(kInfo, 2, "literal");
  MM_LOG_EVERY_N_T(kInfo, "target", 2, "n {}", n);
  MM_LOG_FIRST_N(kInfo, 2, "literal");
  MM_LOG_FIRST_N_T(kInfo, "target", 2, "n {}", n);
  MM_LOG_EVERY_MS(kInfo, 1000, "literal");
  MM_LOG_EVERY_MS_T(kInfo, "target", 1000, "n {}", n);
  MM_IMETRIC("name", "unit", n);
  MM_COUNTER("name", "unit", n);
  MM_COUNTER_T("target", "name", "unit", n);
  MM_COUNTER_V(kMin, "name", "unit", n);
  MM_COUNTER_V_T(kMin, "target", "name", "unit", n);
  MM_HISTOGRAM("name", "unit", n);
  MM_HISTOGRAM_T("target", "name", "unit", n);
  MM_HISTOGRAM_V(kMin, "name", "unit", n);
  MM_HISTOGRAM_V_T(kMin, "target", "name", "unit", 0.5);
  MM_IMETRIC_T("target", "name", "unit", n);
  MM_FMETRIC("name", "unit", n);
  MM_FMETRIC_T("target", "name", "unit", n);
  MM_IMETRIC_DYN(name, "unit", n);
  MM_IMETRIC_DYN_T("target", name, "unit", n);
  MM_FMETRIC_DYN(name, "unit", n);
  MM_FMETRIC_DYN_T("target", name, "unit", n);
  MM_SPAN("name");
  MM_SPAN_T("target", "name");
  MM_SPAN_FN();
  MM_SPAN_DYN(name);
  MM_SPAN_DYN_T("target", name);
  MM_SPAN_VAR(span, "name", "key"_k = n);
  MM_SPAN_VAR_T(span_t, "target", "name");
  MM_SPAN_DYN_VAR(named, name);
  MM_SPAN_DYN_VAR_T(named_t, "target", name, "key"_k = n);
  span.set("key"_k = n, PropertySet::intern({{"name_", "value"}}));
  named.set(kv<"key">(n));
  MM_IMETRIC_V(kMin, "name", "unit", n, "key"_k = n);
  MM_IMETRIC_V_T(kMed, "target", "name", "unit", n);
  MM_FMETRIC_V(kMax, "name", "unit", n);
  MM_FMETRIC_V_T(kMin, "target", "name", "unit", n);
  MM_IMETRIC_DYN_V(kMin, name, "unit", n);
  MM_IMETRIC_DYN_V_T(kMin, "target", name, "unit", n);
  MM_FMETRIC_DYN_V(kMin, name, "unit", n);
  MM_FMETRIC_DYN_V_T(kMin, "target", name, "unit", n);
  MM_SPAN_V(kMin, "name", "key"_k = n);
  MM_SPAN_V_T(kMin, "target", "name");
  MM_SPAN_FN_V(kMed);
  MM_SPAN_DYN_V(kMin, name);
  MM_SPAN_DYN_V_T(kMin, "target", name);
  MM_SPAN_VAR_V(kMin, span_v, "name");
  MM_SPAN_VAR_V_T(kMin, span_v_t, "target", "name", "key"_k = n);
  MM_SPAN_DYN_VAR_V(kMin, named_v, name);
  MM_SPAN_DYN_VAR_V_T(kMin, named_v_t, "target", name);
  span_v.set("key"_k = n);
  MM_ASYNC_SPAN_VAR(task, "name", "key"_k = n);
  MM_ASYNC_SPAN_VAR_T(task_t, "target", "name", task.context());
  MM_ASYNC_SPAN_DYN_VAR(named_task, name, task_t.context(), "key"_k = n);
  MM_ASYNC_SPAN_DYN_VAR_T(named_task_t, "target", name);
  named_task.set("key"_k = task.id());
  AsyncSpan begun[] = {MM_BEGIN_ASYNC_SPAN("name", "key"_k = n),
                       MM_BEGIN_ASYNC_SPAN_T("target", "name"), MM_BEGIN_ASYNC_SPAN_DYN(name),
                       MM_BEGIN_ASYNC_SPAN_DYN_T("target", name, "key"_k = n)};
  for (AsyncSpan& span : begun) span.end();
  MM_ASYNC_SPAN_VAR_V(kMin, task_v, "name", "key"_k = n);
  MM_ASYNC_SPAN_VAR_V_T(kMin, task_v_t, "target", "name");
  MM_ASYNC_SPAN_DYN_VAR_V(kMin, named_task_v, name);
  MM_ASYNC_SPAN_DYN_VAR_V_T(kMin, named_task_v_t, "target", name, "key"_k = n);
  begun[0] = MM_BEGIN_ASYNC_SPAN_V(kMin, "name");
  begun[1] = MM_BEGIN_ASYNC_SPAN_V_T(kMin, "target", "name", "key"_k = n);
  begun[2] = MM_BEGIN_ASYNC_SPAN_DYN_V(kMin, name);
  begun[3] = MM_BEGIN_ASYNC_SPAN_DYN_V_T(kMin, "target", name);
  Track track("track");
  track.begin("name", "key"_k = n);
  track.begin_at(1, name, "key"_k = n);
  track.span("name", 1, 2, "key"_k = n);
  track.end_at(3);
  track.end();
  track.close();
  const SpanContextScope scope(current_span_context());
  current_span().set("key"_k = current_span().id());
  bind_span_context([] { return current_span_id(); })();
  bind_span_context(task.context(), [](int i) { return i; })(n);
}

#if __has_include(<coroutine>)

// Starts at once, ends alone.
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

// What does not live across a suspension may stand in a coroutine, and asynchronous spans.
void use_macros_in_a_coroutine() {
  using namespace literals;
  [](int n) -> Task {
    MM_INFO("{}", n);
    MM_IMETRIC("name", "unit", n);
    const std::string name = "name";
    MM_ASYNC_SPAN_FN("key"_k = n);
    MM_ASYNC_SPAN_VAR(span, "name");
    co_await MM_ASYNC_SPAN("name", std::suspend_never(), span.context(), "key"_k = n);
    co_await MM_ASYNC_SPAN_T("target", "name", std::suspend_never());
    co_await MM_ASYNC_SPAN_DYN(name, std::suspend_never(), "key"_k = n);
    co_await MM_ASYNC_SPAN_DYN_T("target", name, std::suspend_never());
    MM_ASYNC_SPAN_FN_V(kMin);
    co_await MM_ASYNC_SPAN_V(kMin, "name", std::suspend_never(), "key"_k = n);
    co_await MM_ASYNC_SPAN_V_T(kMin, "target", "name", std::suspend_never());
    co_await MM_ASYNC_SPAN_DYN_V(kMin, name, std::suspend_never());
    co_await MM_ASYNC_SPAN_DYN_V_T(kMin, "target", name, std::suspend_never());
    MM_INFO("{}", n);
  }(1);
}

#else

// Neither here nor in any other coroutine; but they are there: MM_ASYNC_SPAN_FN() as a statement.
void use_macros_in_a_coroutine() {
  using namespace literals;
  const int n = 1;
  const std::string name = "name";
  MM_ASYNC_SPAN_FN("key"_k = n);
  MM_ASYNC_SPAN("name", n, "key"_k = n);
  MM_ASYNC_SPAN_T("target", "name", n);
  MM_ASYNC_SPAN_DYN(name, n, "key"_k = n);
  MM_ASYNC_SPAN_DYN_T("target", name, n);
  MM_ASYNC_SPAN_FN_V(kMin);
  MM_ASYNC_SPAN_V(kMin, "name", n, "key"_k = n);
  MM_ASYNC_SPAN_V_T(kMin, "target", "name", n);
  MM_ASYNC_SPAN_DYN_V(kMin, name, n);
  MM_ASYNC_SPAN_DYN_V_T(kMin, "target", name, n);
}

#endif

}  // namespace micromegas
