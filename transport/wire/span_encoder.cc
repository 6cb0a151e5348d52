// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/span_encoder.h"

#include <cstddef>

#include "micromegas/transport/wire/layout.h"

namespace micromegas::wire {
namespace {

using Kind = SpanEvent::Kind;

constexpr std::size_t kPlainBytes = 16;  // descriptor, time

constexpr bool is_end(Kind kind) noexcept { return kind == Kind::kEnd || kind == Kind::kAsyncEnd; }
constexpr bool is_async(Kind kind) noexcept {
  return kind == Kind::kAsyncBegin || kind == Kind::kAsyncEnd;
}

// The plain types stand in the layout as begin, end, named begin, named end, then the same again
// asynchronous; the tagged ends as thread, named, asynchronous, asynchronous and named.
constexpr std::uint8_t plain_type(Kind kind, bool named) noexcept {
  return static_cast<std::uint8_t>(layout::kBeginThreadSpanEvent + (is_async(kind) ? 4 : 0) +
                                   (named ? 2 : 0) + (is_end(kind) ? 1 : 0));
}
constexpr std::uint8_t tagged_type(Kind kind, bool named) noexcept {
  return static_cast<std::uint8_t>(layout::kTaggedEndThreadSpanEvent + (is_async(kind) ? 2 : 0) +
                                   (named ? 1 : 0));
}
static_assert(plain_type(Kind::kAsyncEnd, true) == layout::kEndAsyncNamedSpanEvent);
static_assert(plain_type(Kind::kEnd, true) == layout::kEndThreadNamedSpanEvent);
static_assert(tagged_type(Kind::kAsyncEnd, true) == layout::kTaggedEndAsyncNamedSpanEvent);
static_assert(tagged_type(Kind::kAsyncEnd, false) == layout::kTaggedEndAsyncSpanEvent);

}  // namespace

SpanEncoder::SpanEncoder(EncodeOptions options)
    : BlockWriter(options, layout::kSpanString, layout::kSpanPropertySet, 1 + kPlainBytes) {}

// The descriptor (of a named span: the location), emitted if need be, with all strings of the event
// before it. `name`: the id of a run-time name.
std::uint64_t SpanEncoder::descriptor(const SpanEvent& event, bool with_properties,
                                      std::uint64_t& name) {
  static constinit const SpanMetadata kUnknown;
  const SpanMetadata& metadata = event.metadata != nullptr ? *event.metadata : kUnknown;
  const DescriptorKey key{site_of(&metadata), event.named ? 1U : 0U};
  const std::uint64_t id = dependencies_.find(key);
  std::uint64_t target = 0;
  std::uint64_t file = 0;
  if (id == 0 || event.named) name = dependencies_.string(event.name);
  if (id == 0) {
    target = dependencies_.string(metadata.location.target);
    file = dependencies_.string(metadata.location.file);
  }
  if (with_properties) intern_properties(event.properties, {});
  if (id != 0) return id;
  const auto added = event.named ? dependencies_.add(key, layout::kSpanLocation, 28)
                                 : dependencies_.add(key, layout::kSpanDesc, 36);
  char* at = added.rest;
  if (!event.named) at = put(at, name);
  at = put(at, target);
  at = put(at, file);
  put(at, metadata.location.line);
  return added.id;
}

void SpanEncoder::add(const SpanEvent& event) {
  if (!admit(event.name.size())) return;
  // Most: a begin or an end, of a site that the block knows.
  if (!event.named && !is_async(event.kind) && event.properties.empty() &&
      event.metadata != nullptr) {
    if (event.metadata != last_) {
      last_id_ = dependencies_.find({site_of(event.metadata), 0U});
      last_ = last_id_ != 0 ? event.metadata : nullptr;
    }
    if (last_ != nullptr) {
      char* at = record(plain_type(event.kind, /*named=*/false), kPlainBytes);
      put(put(at, last_id_), ticks(event.time));
      return;
    }
  }
  add_other(event);
}

void SpanEncoder::add_other(const SpanEvent& event) {
  const bool tagged =
      !event.properties.empty() && is_end(event.kind) && compatibility_ == Compatibility::k033;
  std::uint64_t name = 0;
  const std::uint64_t desc = descriptor(event, tagged, name);
  const std::int64_t time = ticks(event.time);
  const bool async = is_async(event.kind);

  // descriptor, [name], [properties], [span, parent], time, [depth]
  const std::size_t bytes = 16U + (event.named ? 8U : 0U) + (tagged ? 8U : 0U) + (async ? 20U : 0U);
  const std::uint64_t set = tagged ? dependencies_.property_set(property_ids_) : 0;
  char* at = record(
      tagged ? tagged_type(event.kind, event.named) : plain_type(event.kind, event.named), bytes);
  at = put(at, desc);
  if (event.named) at = put(at, name);
  if (tagged) at = put(at, set);
  if (async) {
    at = put(at, event.span_id);
    at = put(at, event.parent_span_id);
  }
  at = put(at, time);
  if (async) put(at, event.depth);
}

}  // namespace micromegas::wire
