// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The packed record layout that this client registers with each stream (docs/protocol.md, "Packed
// layout"): the numbers here are the bytes that the encoders write, and encode_stream() publishes
// them. A stream's layout can never change once it is registered: append, never reorder.
#ifndef MICROMEGAS_TRANSPORT_WIRE_LAYOUT_H_
#define MICROMEGAS_TRANSPORT_WIRE_LAYOUT_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "micromegas/pipeline/sink/block.h"

namespace micromegas::wire::layout {

struct PackedMember {
  std::string_view name;
  std::string_view type_name;
  std::uint32_t offset;
  std::uint32_t size;
  bool is_reference;
};

struct PackedType {
  std::string_view name;
  std::uint32_t size;  // 0: a length of 4 bytes stands before each record
  std::span<const PackedMember> members;
  bool is_reference = false;
  // Where ids of dependencies stand in records of no fixed size; servers know it by the name.
  std::span<const std::uint32_t> references = {};
};

struct StreamLayout {
  std::string_view tag;
  std::span<const PackedType> dependencies;
  std::span<const PackedType> objects;
};

const StreamLayout& of(StreamKind kind) noexcept;

// Type indices: positions in the arrays of layout.cc.
enum LogDependency : std::uint8_t { kLogString, kLogDesc, kLogPropertySet };
enum LogObject : std::uint8_t {
  kLogStaticStrEvent,
  kLogStringEventV2,
  kTaggedLogString,
  kTaggedLogStaticStrEvent,
  kTaggedLogTemplateEvent,
  kLogStaticStrInteropEventV2,
  kLogStringInteropEventV3,
  kTaggedLogInteropEvent,
};
enum MetricsDependency : std::uint8_t { kMetricsString, kMetricDesc, kMetricsPropertySet };
enum MetricsObject : std::uint8_t {
  kIntegerMetricEvent,
  kFloatMetricEvent,
  kTaggedIntegerMetricEvent,
  kTaggedFloatMetricEvent,
};
enum SpanDependency : std::uint8_t { kSpanString, kSpanDesc, kSpanLocation, kSpanPropertySet };
enum SpanObject : std::uint8_t {
  kBeginThreadSpanEvent,
  kEndThreadSpanEvent,
  kBeginThreadNamedSpanEvent,
  kEndThreadNamedSpanEvent,
  kBeginAsyncSpanEvent,
  kEndAsyncSpanEvent,
  kBeginAsyncNamedSpanEvent,
  kEndAsyncNamedSpanEvent,
  kTaggedEndThreadSpanEvent,
  kTaggedEndThreadNamedSpanEvent,
  kTaggedEndAsyncSpanEvent,
  kTaggedEndAsyncNamedSpanEvent,
};

enum ImageObject : std::uint8_t { kImageEvent };

}  // namespace micromegas::wire::layout

#endif  // MICROMEGAS_TRANSPORT_WIRE_LAYOUT_H_
