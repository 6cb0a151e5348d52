// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What PropertySet::intern() did with what it was given (docs/data-loss.md).
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_PROPERTY_SET_STATS_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_PROPERTY_SET_STATS_H_

#include <cstdint>

namespace micromegas {

// Counts since the start of the process.
struct PropertySetStats {
  std::uint64_t interned = 0;      // different sets
  std::uint64_t refused_keys = 0;  // properties left out: name reserved, empty or too long
  std::uint64_t cut = 0;           // values shortened, and properties beyond the largest set
  std::uint64_t refused_sets = 0;  // calls that got the empty set: too many sets, or no memory
};

// Any thread, no lock.
PropertySetStats property_set_stats() noexcept;

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_PROPERTY_SET_STATS_H_
