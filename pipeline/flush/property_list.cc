// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/property_list.h"

#include <algorithm>

namespace micromegas::pipeline {

void PropertyList::put(std::string_view name, std::string_view value, bool copy, bool replace) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return same_property_name(entry.property.name, name);
  });
  if (found != entries_.end() && !replace) return;
  Entry entry{{name, value}, kNone};
  if (copy) {
    entry.offset = copies_.size();
    copies_.append(value);
  }
  if (found != entries_.end()) {
    *found = entry;
  } else {
    entries_.push_back(entry);
  }
}

std::span<const Property> PropertyList::get() {
  properties_.clear();
  for (const Entry& entry : entries_) {
    Property property = entry.property;
    if (entry.offset != kNone)
      property.value = {copies_.data() + entry.offset, property.value.size()};
    properties_.push_back(property);
  }
  return properties_;
}

}  // namespace micromegas::pipeline
