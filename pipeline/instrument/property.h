// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Name/value pairs that travel with an event. Those of a process or a stream: property_map.h.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_PROPERTY_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_PROPERTY_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace micromegas {

// A view, valid during the call that received it.
struct Property {
  std::string_view name;
  std::string_view value;
};

// Whether two names are one to the server: ASCII case is ignored.
constexpr bool same_property_name(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// Whether an event may have a property of this name: it is not empty, not longer than
// PropertySet::kMaxNameBytes, not level, target, name or unit (which the server reads as overrides)
// and does not begin with "micromegas.".
bool is_property_name(std::string_view name) noexcept;

// An immutable set of properties, interned by content for the life of the process: equal sets are
// the same object. Bound their number: nothing is ever freed.
class PropertySet {
 public:
  PropertySet(const PropertySet&) = delete;
  PropertySet& operator=(const PropertySet&) = delete;

  // Returns the one set with this content, whatever the order. Names are compared without ASCII
  // case and the last of equal names wins. Names that the server reads as overrides (level, target,
  // name, unit) and the "micromegas." prefix are refused, a set past the limits below is cut; both
  // are counted (property_set_stats.h). Past kMaxSets the empty set is returned, and counted. Any
  // thread; may allocate: keep the result in a static.
  static const PropertySet& intern(std::span<const Property> properties);
  static const PropertySet& intern(std::initializer_list<Property> properties) {
    return intern(std::span<const Property>(properties.begin(), properties.size()));
  }

  static constexpr std::size_t kMaxProperties = 64;
  static constexpr std::size_t kMaxNameBytes = 256;
  static constexpr std::size_t kMaxValueBytes = 4096;
  static constexpr std::size_t kMaxSets = 65536;

  [[nodiscard]] std::span<const Property> properties() const noexcept { return properties_; }
  // The value of the property with this exact name, or an empty view.
  [[nodiscard]] std::string_view find(std::string_view name) const noexcept;
  // 1 for the empty set, then 2, 3, ... in order of interning; never reused.
  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }

  // The set with this id, or null. Any thread.
  static const PropertySet* by_id(std::uint32_t id) noexcept;

 private:
  friend class PropertySetStore;
  constexpr PropertySet(std::uint32_t id, std::span<const Property> properties) noexcept
      : id_(id), properties_(properties) {}

  std::uint32_t id_;
  std::span<const Property> properties_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_PROPERTY_H_
