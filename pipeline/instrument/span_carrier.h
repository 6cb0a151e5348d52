// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A current span that is shared: by the executors and handlers that carry it, and by the span
// itself for as long as it is open. So that properties can be set from inside, and so that an
// executor is no larger than what Asio holds without an allocation.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_CARRIER_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_CARRIER_H_

#include <atomic>
#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "micromegas/pipeline/instrument/async_recorder.h"

namespace micromegas {
namespace detail {

// What a span is called in trace contexts (traceparent.h), as big-endian numbers.
struct TraceIds {
  std::uint64_t trace_high = 0;
  std::uint64_t trace_low = 0;
  std::uint64_t span = 0;  // 0: the span has none yet

  [[nodiscard]] bool is_of_trace(const TraceIds& other) const noexcept {
    return trace_high == other.trace_high && trace_low == other.trace_low;
  }
};

class SpanCarrier {
 public:
  // Null without memory.
  static SpanCarrier* make(const SpanContext& context) noexcept {
    return new (std::nothrow) SpanCarrier(context);
  }
  // Begins the span. Null without memory: the span is lost, and counted.
  static SpanCarrier* make(AsyncSpan&& span) noexcept {
    const bool prepared = span.prepared();
    auto* const carrier = new (std::nothrow) SpanCarrier(std::move(span));
    if (carrier == nullptr && prepared) {
      micromegas_v0_drop(EventKind::kAsyncSpan, DropReason::kQueueFull, 2);
    }
    return carrier;
  }
  SpanCarrier(const SpanCarrier&) = delete;
  SpanCarrier& operator=(const SpanCarrier&) = delete;

  [[nodiscard]] const SpanContext& context() const noexcept { return context_; }
  // Otherwise only the context of somebody else's span is carried.
  [[nodiscard]] bool owns_span() const noexcept { return owns_span_; }
  // True: the span had no ids, and has these now; else `ids` become those that it has.
  bool claim_trace_ids(TraceIds& ids) noexcept {
    const Lock lock(busy_);
    if (trace_ids_.span != 0) {
      ids = trace_ids_;
      return false;
    }
    trace_ids_ = ids;
    return true;
  }
  void set_trace_ids(const TraceIds& ids) noexcept {
    const Lock lock(busy_);
    trace_ids_ = ids;
  }

  template <class... Args>
  void set(const Args&... properties) {
    if (context_.if_alive().span_id == 0) return;
    // The values first: a user's formatter may come here, too.
    AsyncSpan::encode(
        [this](std::uint32_t id, auto set, auto&&... values) {
          const Lock lock(busy_);
          if (span_.id() == 0 || !span_.records().put(id, set, values...)) {
            micromegas_v0_count_lost_properties();
          }
        },
        properties...);
  }
  void finish(std::string_view reason) noexcept;

  void acquire() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  explicit SpanCarrier(const SpanContext& context) noexcept : context_(context) {}
  explicit SpanCarrier(AsyncSpan&& span) noexcept : span_(std::move(span)) {
    span_.begin();
    context_ = span_.context();
    owns_span_ = span_.id() != 0;
  }
  ~SpanCarrier() = default;

  // Held while some bytes are copied. In a forked child it may be held for ever, but there the span
  // is not alive.
  class Lock {
   public:
    explicit Lock(std::atomic<bool>& busy) noexcept;
    ~Lock() { busy_.store(false, std::memory_order_release); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    std::atomic<bool>& busy_;
  };

  std::atomic<std::uint32_t> references_{0};
  std::atomic<bool> busy_{false};
  bool owns_span_ = false;
  TraceIds trace_ids_;  // guarded by busy_
  SpanContext context_;
  AsyncSpan span_;  // of no span: only the context is carried
};

class SpanCarrierRef {
 public:
  SpanCarrierRef() noexcept = default;
  explicit SpanCarrierRef(SpanCarrier* carrier) noexcept : carrier_(carrier) {
    if (carrier_ != nullptr) carrier_->acquire();
  }
  SpanCarrierRef(const SpanCarrierRef& other) noexcept : SpanCarrierRef(other.carrier_) {}
  SpanCarrierRef(SpanCarrierRef&& other) noexcept
      : carrier_(std::exchange(other.carrier_, nullptr)) {}
  SpanCarrierRef& operator=(SpanCarrierRef other) noexcept {
    std::swap(carrier_, other.carrier_);
    return *this;
  }
  ~SpanCarrierRef() {
    if (carrier_ != nullptr) carrier_->release();
  }

  [[nodiscard]] SpanCarrier* get() const noexcept { return carrier_; }
  SpanCarrier* operator->() const noexcept { return carrier_; }
  friend bool operator==(const SpanCarrierRef&, const SpanCarrierRef&) noexcept = default;

 private:
  SpanCarrier* carrier_ = nullptr;
};

// Of what is current now, made where there is none; null if nothing is current, or without memory.
SpanCarrierRef current_carrier() noexcept;

// While a handler runs, or a coroutine from one suspension to the next. Null: no span is current.
// A thread span that is open at its end, and was not before, is reported.
class CarrierScope {
 public:
  explicit CarrierScope(SpanCarrier* carrier) noexcept;
  ~CarrierScope();
  CarrierScope(const CarrierScope&) = delete;
  CarrierScope& operator=(const CarrierScope&) = delete;

 private:
  queue::SpanScope previous_;
  std::uint32_t open_spans_;
};

template <class F>
class BoundToSpan {
 public:
  template <class G>
  BoundToSpan(SpanCarrierRef carrier, G&& function)
      : carrier_(std::move(carrier)), function_(std::forward<G>(function)) {}

  template <class... Args>
  decltype(auto) operator()(Args&&... args) & {
    const CarrierScope scope(carrier_.get());
    return function_(std::forward<Args>(args)...);
  }
  template <class... Args>
  decltype(auto) operator()(Args&&... args) const& {
    const CarrierScope scope(carrier_.get());
    return function_(std::forward<Args>(args)...);
  }
  template <class... Args>
  decltype(auto) operator()(Args&&... args) && {
    const CarrierScope scope(carrier_.get());
    return std::move(function_)(std::forward<Args>(args)...);
  }

  [[nodiscard]] const F& function() const noexcept { return function_; }

 private:
  SpanCarrierRef carrier_;
  F function_;
};

// If the innermost CarrierScope is that of `left`: to its end `context` is current.
void leave_span(const SpanCarrier* left, const SpanContext& context) noexcept;

}  // namespace detail

// The span that is current here. Any thread.
class [[nodiscard]] CurrentSpan {
 public:
  [[nodiscard]] std::uint64_t id() const noexcept { return context().span_id; }  // 0: none
  [[nodiscard]] SpanContext context() const noexcept { return context_.if_alive(); }
  // Whether set() has an effect, until the span ends.
  [[nodiscard]] bool takes_properties() const noexcept {
    return carrier_.get() != nullptr && carrier_->owns_span();
  }
  // Properties of its end, as AsyncSpan::set(). For spans of MM_ASYNC_SPAN; those of others belong
  // to whoever has the AsyncSpan.
  template <class... Args>
  void set(const Args&... properties) {
    static_assert(detail::check_properties<Args...>());
    if (takes_properties()) {
      carrier_->set(properties...);
    } else if (id() != 0) {
      micromegas_v0_count_lost_properties();
    }
  }

  // --- what traceparent.h calls; see SpanCarrier ---

  // Only of one that is alive and takes properties.
  bool claim_trace_ids(detail::TraceIds& ids) noexcept { return carrier_->claim_trace_ids(ids); }
  void set_trace_ids(const detail::TraceIds& ids) noexcept {
    if (id() != 0 && takes_properties()) carrier_->set_trace_ids(ids);
  }

 private:
  friend CurrentSpan current_span() noexcept;
  CurrentSpan(const SpanContext& context, detail::SpanCarrierRef carrier) noexcept
      : context_(context), carrier_(std::move(carrier)) {}

  SpanContext context_;
  detail::SpanCarrierRef carrier_;
};
CurrentSpan current_span() noexcept;

// A callable that runs `function` with the span current that is current now, or `context`:
//
//   std::thread(micromegas::bind_span_context(work)).join();
//   timer.async_wait(micromegas::bind_span_context(on_timer));  // with asio.h or boost_asio.h
template <class F>
[[nodiscard]] auto bind_span_context(F&& function) {
  return detail::BoundToSpan<std::decay_t<F>>(detail::current_carrier(), std::forward<F>(function));
}
template <class F>
[[nodiscard]] auto bind_span_context(const SpanContext& context, F&& function) {
  return detail::BoundToSpan<std::decay_t<F>>(
      detail::SpanCarrierRef(detail::SpanCarrier::make(context)), std::forward<F>(function));
}

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_CARRIER_H_
