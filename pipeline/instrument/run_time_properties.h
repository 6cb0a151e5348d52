// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What dispatch.h makes of properties whose names nobody checked at compile time.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_RUN_TIME_PROPERTIES_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_RUN_TIME_PROPERTIES_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "micromegas/pipeline/instrument/property.h"

namespace micromegas::detail {

enum class PropertiesOf : std::uint8_t { kLog, kMetric, kSpan };

// Those that the event may have, in their order; views of what was given. Allocates nothing.
// Refused: an empty name, one longer than PropertySet::kMaxNameBytes, one that begins with
// "micromegas.", what the server reads as an override (level and target of a log; target, name and
// unit of a metric), the earlier of two equal names, and what is past 64 properties. Values are cut
// where all of it would be more than `limit` bytes, encoded as in a record.
class RunTimeProperties {
 public:
  RunTimeProperties(std::span<const Property> properties, PropertiesOf event,
                    std::size_t limit = ~std::size_t{0}) noexcept;

  [[nodiscard]] std::span<const Property> get() const noexcept { return {properties_, size_}; }
  [[nodiscard]] std::size_t refused() const noexcept { return refused_; }
  [[nodiscard]] std::size_t cut() const noexcept { return cut_; }  // values
  // As in a record.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  static constexpr std::size_t kMax = PropertySet::kMaxProperties;

  void add(const Property& property) noexcept;
  void fit(std::size_t limit) noexcept;

  union {  // not initialised: 2 KiB, of which most events need little
    Property properties_[kMax];
  };
  std::size_t size_ = 0;
  std::size_t refused_ = 0;
  std::size_t cut_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace micromegas::detail

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_RUN_TIME_PROPERTIES_H_
