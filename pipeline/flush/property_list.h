// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The properties of one event, from all that gives it some: a later pair wins over an earlier one,
// a pair over a set, whatever the upper and lower case of the name.
#ifndef MICROMEGAS_PIPELINE_FLUSH_PROPERTY_LIST_H_
#define MICROMEGAS_PIPELINE_FLUSH_PROPERTY_LIST_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/instrument/property.h"

namespace micromegas::pipeline {

// Reuse one object for many events: it keeps its buffers. One thread at a time.
class PropertyList {
 public:
  void clear() noexcept {
    entries_.clear();
    copies_.clear();
  }
  // In the place of an earlier one of this name. The name, and a value of which no copy is made,
  // must outlive the list's use.
  void set(std::string_view name, std::string_view value) { put(name, value, false, true); }
  void set_copy(std::string_view name, std::string_view value) { put(name, value, true, true); }
  // Those of which there is none yet.
  void add_missing(std::span<const Property> properties) {
    for (const Property& p : properties) put(p.name, p.value, false, false);
  }

  // Valid until the next call of anything here.
  std::span<const Property> get();

 private:
  struct Entry {
    Property property;
    std::size_t offset;  // in copies_, or kNone
  };
  static constexpr std::size_t kNone = ~std::size_t{0};
  void put(std::string_view name, std::string_view value, bool copy, bool replace);

  std::vector<Entry> entries_;
  std::string copies_;
  std::vector<Property> properties_;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_PROPERTY_LIST_H_
