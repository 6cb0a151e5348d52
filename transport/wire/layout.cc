// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/layout.h"

namespace micromegas::wire::layout {
namespace {

constexpr PackedMember ref(std::string_view name, std::uint32_t offset) {
  return {name, "u64", offset, 8, true};
}
constexpr PackedMember u8(std::string_view name, std::uint32_t offset) {
  return {name, "u8", offset, 1, false};
}
constexpr PackedMember u32(std::string_view name, std::uint32_t offset) {
  return {name, "u32", offset, 4, false};
}
constexpr PackedMember u64(std::string_view name, std::uint32_t offset) {
  return {name, "u64", offset, 8, false};
}
constexpr PackedMember i64(std::string_view name, std::uint32_t offset) {
  return {name, "i64", offset, 8, false};
}
constexpr PackedMember f64(std::string_view name, std::uint32_t offset) {
  return {name, "f64", offset, 8, false};
}

constexpr PackedMember kLogDescMembers[] = {u64("id", 0), ref("fmt_str", 8), ref("target", 16),
                                            u8("level", 24)};
constexpr PackedMember kPropertyMembers[] = {ref("name", 0), ref("value", 8)};
constexpr PackedMember kLogStaticStrEventMembers[] = {ref("desc", 0), i64("time", 8)};
constexpr PackedMember kTaggedLogStaticStrEventMembers[] = {ref("desc", 0), ref("properties", 8),
                                                            i64("time", 16)};
constexpr PackedMember kLogStaticStrInteropEventV2Members[] = {i64("time", 0), u8("level", 8),
                                                               ref("target", 9), ref("msg", 17)};
constexpr PackedMember kStaticStringRefMembers[] = {ref("id", 0)};
constexpr PackedMember kMetricDescMembers[] = {u64("id", 0), ref("name", 8), ref("unit", 16),
                                               ref("target", 24)};
constexpr PackedMember kIntegerMetricEventMembers[] = {ref("desc", 0), u64("value", 8),
                                                       i64("time", 16)};
constexpr PackedMember kFloatMetricEventMembers[] = {ref("desc", 0), f64("value", 8),
                                                     i64("time", 16)};
constexpr PackedMember kTaggedIntegerMetricEventMembers[] = {ref("desc", 0), ref("properties", 8),
                                                             u64("value", 16), i64("time", 24)};
constexpr PackedMember kTaggedFloatMetricEventMembers[] = {ref("desc", 0), ref("properties", 8),
                                                           f64("value", 16), i64("time", 24)};
constexpr PackedMember kSpanDescMembers[] = {u64("id", 0), ref("name", 8), ref("target", 16),
                                             ref("file", 24), u32("line", 32)};
constexpr PackedMember kSpanLocationMembers[] = {u64("id", 0), ref("target", 8), ref("file", 16),
                                                 u32("line", 24)};
constexpr PackedMember kBeginThreadSpanEventMembers[] = {ref("thread_span_desc", 0),
                                                         i64("time", 8)};
constexpr PackedMember kBeginThreadNamedSpanEventMembers[] = {ref("thread_span_location", 0),
                                                              ref("name", 8), i64("time", 16)};
constexpr PackedMember kBeginAsyncSpanEventMembers[] = {ref("span_desc", 0), u64("span_id", 8),
                                                        u64("parent_span_id", 16), i64("time", 24),
                                                        u32("depth", 32)};
constexpr PackedMember kBeginAsyncNamedSpanEventMembers[] = {
    ref("span_location", 0),   ref("name", 8),  u64("span_id", 16),
    u64("parent_span_id", 24), i64("time", 32), u32("depth", 40)};
constexpr PackedMember kTaggedEndThreadSpanEventMembers[] = {ref("thread_span_desc", 0),
                                                             ref("properties", 8), i64("time", 16)};
constexpr PackedMember kTaggedEndThreadNamedSpanEventMembers[] = {
    ref("thread_span_location", 0), ref("name", 8), ref("properties", 16), i64("time", 24)};
constexpr PackedMember kTaggedEndAsyncSpanEventMembers[] = {
    ref("span_desc", 0),       ref("properties", 8), u64("span_id", 16),
    u64("parent_span_id", 24), i64("time", 32),      u32("depth", 40)};
constexpr PackedMember kTaggedEndAsyncNamedSpanEventMembers[] = {
    ref("span_location", 0),   ref("name", 8),  ref("properties", 16), u64("span_id", 24),
    u64("parent_span_id", 32), i64("time", 40), u32("depth", 48)};
constexpr std::uint32_t kDesc[] = {0};
constexpr std::uint32_t kDescAndProperties[] = {0, 8};
constexpr std::uint32_t kInteropTarget[] = {9};
constexpr std::uint32_t kInteropTargetAndProperties[] = {9, 17};

constexpr PackedType kLogDependencies[] = {
    {"StaticStringDependency", 0, {}},
    {"LogDesc", 25, kLogDescMembers},
    {"PropertySetDependency", 0, {}},
    {"Property", 16, kPropertyMembers},
};
constexpr PackedType kLogObjects[] = {
    {"LogStaticStrEvent", 16, kLogStaticStrEventMembers},
    {"LogStringEventV2", 0, {}, false, kDesc},
    {"TaggedLogString", 0, {}, false, kDescAndProperties},
    {"TaggedLogStaticStrEvent", 24, kTaggedLogStaticStrEventMembers},
    {"TaggedLogTemplateEvent", 24, kTaggedLogStaticStrEventMembers},
    {"LogStaticStrInteropEventV2", 25, kLogStaticStrInteropEventV2Members},
    {"LogStringInteropEventV3", 0, {}, false, kInteropTarget},
    {"TaggedLogInteropEvent", 0, {}, false, kInteropTargetAndProperties},
    {"StaticStringRef", 8, kStaticStringRefMembers, true},
};
constexpr PackedType kMetricsDependencies[] = {
    {"StaticStringDependency", 0, {}},
    {"MetricDesc", 32, kMetricDescMembers},
    {"PropertySetDependency", 0, {}},
    {"Property", 16, kPropertyMembers},
};
constexpr PackedType kMetricsObjects[] = {
    {"IntegerMetricEvent", 24, kIntegerMetricEventMembers},
    {"FloatMetricEvent", 24, kFloatMetricEventMembers},
    {"TaggedIntegerMetricEvent", 32, kTaggedIntegerMetricEventMembers},
    {"TaggedFloatMetricEvent", 32, kTaggedFloatMetricEventMembers},
};
constexpr PackedType kSpanDependencies[] = {
    {"StaticStringDependency", 0, {}},          {"SpanDesc", 36, kSpanDescMembers},
    {"SpanLocation", 28, kSpanLocationMembers}, {"PropertySetDependency", 0, {}},
    {"Property", 16, kPropertyMembers},
};
constexpr PackedType kSpanObjects[] = {
    {"BeginThreadSpanEvent", 16, kBeginThreadSpanEventMembers},
    {"EndThreadSpanEvent", 16, kBeginThreadSpanEventMembers},
    {"BeginThreadNamedSpanEvent", 24, kBeginThreadNamedSpanEventMembers},
    {"EndThreadNamedSpanEvent", 24, kBeginThreadNamedSpanEventMembers},
    {"BeginAsyncSpanEvent", 36, kBeginAsyncSpanEventMembers},
    {"EndAsyncSpanEvent", 36, kBeginAsyncSpanEventMembers},
    {"BeginAsyncNamedSpanEvent", 44, kBeginAsyncNamedSpanEventMembers},
    {"EndAsyncNamedSpanEvent", 44, kBeginAsyncNamedSpanEventMembers},
    {"TaggedEndThreadSpanEvent", 24, kTaggedEndThreadSpanEventMembers},
    {"TaggedEndThreadNamedSpanEvent", 32, kTaggedEndThreadNamedSpanEventMembers},
    {"TaggedEndAsyncSpanEvent", 44, kTaggedEndAsyncSpanEventMembers},
    {"TaggedEndAsyncNamedSpanEvent", 52, kTaggedEndAsyncNamedSpanEventMembers},
};

constexpr PackedType kImageObjects[] = {{"ImageEvent", 0, {}}};

constexpr StreamLayout kLog{"log", kLogDependencies, kLogObjects};
constexpr StreamLayout kMetrics{"metrics", kMetricsDependencies, kMetricsObjects};
constexpr StreamLayout kThread{"cpu", kSpanDependencies, kSpanObjects};
constexpr StreamLayout kImage{"image", {}, kImageObjects};

}  // namespace

const StreamLayout& of(StreamKind kind) noexcept {
  switch (kind) {
    case StreamKind::kLog:
      return kLog;
    case StreamKind::kMetrics:
      return kMetrics;
    case StreamKind::kImage:
      return kImage;
    case StreamKind::kThread:
      break;
  }
  return kThread;
}

}  // namespace micromegas::wire::layout
