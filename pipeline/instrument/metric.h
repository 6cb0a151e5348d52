// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Metric macros; docs/reference.md.
//
//   MM_IMETRIC("queue_depth", "count", depth);
//   MM_FMETRIC("request_time", "ms", elapsed);
//   MM_IMETRIC_DYN(name, unit, value);
//
// Integers are unsigned, 64 bits: a negative one is dropped and counted. _DYN: name and unit known
// at run time, copied.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_METRIC_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_METRIC_H_

#include <string_view>
#include <type_traits>

#include "micromegas/pipeline/instrument/arguments.h"
#include "micromegas/pipeline/instrument/log.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/queue/hot.h"

namespace micromegas::detail {

inline constexpr std::uint32_t kMaxNameBytes = 1024;  // of names and units given at run time

MICROMEGAS_INLINE std::uint32_t metric_id(const StaticMetricMetadata& metadata,
                                          EventKind kind) noexcept {
  std::uint32_t id = queue::site_id(metadata.word);
  if (__builtin_expect(id == 0, 0)) {
    id = micromegas_v0_register_metric(&metadata);
    if (id == 0) micromegas_v0_drop(kind, DropReason::kInvalid, 1);
  }
  return id;
}

MICROMEGAS_INLINE void write_metric(const StaticMetricMetadata& metadata, std::uint64_t bits,
                                    queue::RecordKind record, EventKind kind) noexcept {
  const std::uint32_t id = metric_id(metadata, kind);
  if (__builtin_expect(id == 0, 0)) return;
  queue::Writer w(queue::QueueKind::kEvents, queue::kRecordHeaderBytes + 8, kind);
  if (!w) return;
  w.header(id, record, queue::kNoFlags);
  w.number(bits);
  w.publish();
}

template <class T>
MICROMEGAS_INLINE bool negative(T value) noexcept {
  if constexpr (std::is_signed_v<T>) {
    return value < 0;
  } else {
    (void)value;
    return false;
  }
}

// One metric. Objects that are initialised in braces, as Log is, for the order of evaluation.
struct IntegerMetric {
  template <class T>
  MICROMEGAS_INLINE IntegerMetric(const StaticMetricMetadata& metadata, T value) noexcept {
    static_assert(std::is_integral_v<T> && sizeof(T) <= 8,
                  "an integer metric takes an integer; use MM_FMETRIC for a floating-point value");
    if (__builtin_expect(negative(value), 0)) {
      micromegas_v0_drop(EventKind::kIntegerMetric, DropReason::kInvalid, 1);
      return;
    }
    write_metric(metadata, static_cast<std::uint64_t>(value), queue::RecordKind::kIntegerMetric,
                 EventKind::kIntegerMetric);
  }
};

struct FloatMetric {
  template <class T>
  MICROMEGAS_INLINE FloatMetric(const StaticMetricMetadata& metadata, T value) noexcept {
    const double number = value;
    std::uint64_t bits;
    std::memcpy(&bits, &number, 8);
    write_metric(metadata, bits, queue::RecordKind::kFloatMetric, EventKind::kFloatMetric);
  }
};

inline void write_metric_dyn(const StaticMetricMetadata& metadata, std::string_view name,
                             std::string_view unit, std::uint64_t bits, queue::RecordKind record,
                             EventKind kind) noexcept {
  const std::uint32_t id = metric_id(metadata, kind);
  if (id == 0) return;
  TextRef name_text{name.data(), name.size()};
  TextRef unit_text{unit.data(), unit.size()};
  name_text.cut(kMaxNameBytes);
  unit_text.cut(kMaxNameBytes);
  queue::Writer w(queue::QueueKind::kEvents,
                  static_cast<std::uint32_t>(queue::kRecordHeaderBytes + 8 + name_text.bytes() +
                                             unit_text.bytes()),
                  kind);
  if (!w) return;
  w.header(id, record, queue::kNoFlags);
  w.number(bits);
  name_text.write(w);
  unit_text.write(w);
  w.publish();
}

struct IntegerMetricDyn {
  template <class T>
  IntegerMetricDyn(const StaticMetricMetadata& metadata, std::string_view name,
                   std::string_view unit, T value) noexcept {
    static_assert(
        std::is_integral_v<T> && sizeof(T) <= 8,
        "an integer metric takes an integer; use MM_FMETRIC_DYN for a floating-point value");
    if (negative(value)) {
      micromegas_v0_drop(EventKind::kIntegerMetric, DropReason::kInvalid, 1);
      return;
    }
    write_metric_dyn(metadata, name, unit, static_cast<std::uint64_t>(value),
                     queue::RecordKind::kIntegerMetricDyn, EventKind::kIntegerMetric);
  }
};

struct FloatMetricDyn {
  template <class T>
  FloatMetricDyn(const StaticMetricMetadata& metadata, std::string_view name, std::string_view unit,
                 T value) noexcept {
    const double number = value;
    std::uint64_t bits;
    std::memcpy(&bits, &number, 8);
    write_metric_dyn(metadata, name, unit, bits, queue::RecordKind::kFloatMetricDyn,
                     EventKind::kFloatMetric);
  }
};

}  // namespace micromegas::detail

#define MICROMEGAS_METRIC_IMPL_(record, target_, name_, unit_, ...)                          \
  do {                                                                                       \
    static constinit ::micromegas::StaticMetricMetadata micromegas_site{.name = (name_),     \
                                                                        .unit = (unit_),     \
                                                                        .target = (target_), \
                                                                        .file = __FILE__,    \
                                                                        .line = __LINE__};   \
    if (::micromegas::queue::enabled(micromegas_site)) {                                     \
      ::micromegas::detail::record{micromegas_site, __VA_ARGS__};                            \
    }                                                                                        \
  } while (false)

#define MICROMEGAS_IMETRIC_T(target, name, unit, value) \
  MICROMEGAS_METRIC_IMPL_(IntegerMetric, target, name, unit, value)
#define MICROMEGAS_FMETRIC_T(target, name, unit, value) \
  MICROMEGAS_METRIC_IMPL_(FloatMetric, target, name, unit, value)
#define MICROMEGAS_IMETRIC(name, unit, value) \
  MICROMEGAS_IMETRIC_T(MM_DEFAULT_TARGET, name, unit, value)
#define MICROMEGAS_FMETRIC(name, unit, value) \
  MICROMEGAS_FMETRIC_T(MM_DEFAULT_TARGET, name, unit, value)

// Name and unit are copied, at most 1 KiB each.
#define MICROMEGAS_IMETRIC_DYN_T(target, name, unit, value) \
  MICROMEGAS_METRIC_IMPL_(IntegerMetricDyn, target, "", "", name, unit, value)
#define MICROMEGAS_FMETRIC_DYN_T(target, name, unit, value) \
  MICROMEGAS_METRIC_IMPL_(FloatMetricDyn, target, "", "", name, unit, value)
#define MICROMEGAS_IMETRIC_DYN(name, unit, value) \
  MICROMEGAS_IMETRIC_DYN_T(MM_DEFAULT_TARGET, name, unit, value)
#define MICROMEGAS_FMETRIC_DYN(name, unit, value) \
  MICROMEGAS_FMETRIC_DYN_T(MM_DEFAULT_TARGET, name, unit, value)

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_METRIC_H_
