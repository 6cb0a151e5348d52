// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/span_carrier.h"

#include <sched.h>

namespace micromegas {
namespace detail {

SpanCarrier::Lock::Lock(std::atomic<bool>& busy) noexcept : busy_(busy) {
  while (busy_.exchange(true, std::memory_order_acquire)) sched_yield();
}

void SpanCarrier::finish(std::string_view reason) noexcept {
  if (context_.if_alive().span_id == 0) return;
  AsyncSpan ending;  // outside the lock: its end may wait for room
  {
    const Lock lock(busy_);
    ending = std::move(span_);
  }
  if (ending.id() != 0) ending.finish(reason);
}

namespace {

// The one of this span that is there; null if there is none.
SpanCarrierRef carrier_of(const SpanContext& context) noexcept {
  auto* const carrier = static_cast<SpanCarrier*>(micromegas_v0_span_scope.carrier);
  if (context.span_id == 0 || carrier == nullptr) return {};
  if (carrier->context().span_id != context.span_id) return {};
  return SpanCarrierRef(carrier);
}

std::uint32_t open_spans() noexcept {
  const std::uint64_t open = queue::open_spans();
  return queue::open_owner(open) == 0 ? 0 : queue::open_count(open);
}
}  // namespace

SpanCarrierRef current_carrier() noexcept {
  const SpanContext context = current_context();
  if (context.span_id == 0) return {};
  SpanCarrierRef carrier = carrier_of(context);
  return carrier.get() != nullptr ? carrier : SpanCarrierRef(SpanCarrier::make(context));
}

CarrierScope::CarrierScope(SpanCarrier* carrier) noexcept
    : previous_(micromegas_v0_span_scope), open_spans_(open_spans()) {
  const SpanContext context = carrier != nullptr ? carrier->context() : SpanContext();
  micromegas_v0_span_scope = {context.span_id, context.depth, context.session, carrier};
}

CarrierScope::~CarrierScope() {
  micromegas_v0_span_scope = previous_;
  if (__builtin_expect(open_spans() > open_spans_, 0)) {
    micromegas_v0_span_held(open_spans_);
  }
}

void leave_span(const SpanCarrier* left, const SpanContext& context) noexcept {
  if (left == nullptr || micromegas_v0_span_scope.carrier != left) return;
  micromegas_v0_span_scope = {context.span_id, context.depth, context.session, nullptr};
}

}  // namespace detail

CurrentSpan current_span() noexcept {
  const SpanContext context = detail::current_context();
  return {context, detail::carrier_of(context)};
}

}  // namespace micromegas
