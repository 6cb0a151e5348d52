// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The contract of dispatch.h, on every platform: each function by its address and exact type. This
// file does not compile when a signature changes or an overload appears.

#include "micromegas/tests/pipeline/dispatch_parity.h"
#include "micromegas/dispatch.h"

namespace micromegas {
namespace {

using std::size_t;
using std::string_view;
using std::uint32_t;
using std::uint64_t;

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
      MICROMEGAS_PARITY_(int_metric, void(const StaticMetricMetadata&, uint64_t)),
      MICROMEGAS_PARITY_(float_metric, void(const StaticMetricMetadata&, double)),
      MICROMEGAS_PARITY_(tagged_integer_metric,
                         void(const StaticMetricMetadata&, const PropertySet&, uint64_t)),
      MICROMEGAS_PARITY_(tagged_float_metric,
                         void(const StaticMetricMetadata&, const PropertySet&, double)),
      MICROMEGAS_PARITY_(on_begin_scope, void(const SpanMetadata&)),
      MICROMEGAS_PARITY_(on_end_scope, void(const SpanMetadata&)),
      MICROMEGAS_PARITY_(on_begin_named_scope, void(const SpanLocation&, string_view)),
      MICROMEGAS_PARITY_(on_end_named_scope, void(const SpanLocation&, string_view)),
      MICROMEGAS_PARITY_(on_begin_async_scope, uint64_t(const SpanMetadata&, uint64_t, uint32_t)),
      MICROMEGAS_PARITY_(on_end_async_scope,
                         void(uint64_t, uint64_t, const SpanMetadata&, uint32_t)),
      MICROMEGAS_PARITY_(on_begin_async_named_scope,
                         uint64_t(const SpanLocation&, string_view, uint64_t, uint32_t)),
      MICROMEGAS_PARITY_(on_end_async_named_scope,
                         void(uint64_t, uint64_t, const SpanLocation&, string_view, uint32_t)),
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

}  // namespace micromegas
