// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/run_time_properties.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace micromegas::detail {
namespace {

// Of a string in a record.
std::size_t encoded(std::string_view text) noexcept {
  return 8 + ((text.size() + 7) & ~std::size_t{7});
}

// Never inside a UTF-8 sequence.
std::string_view cut_at(std::string_view text, std::size_t limit) noexcept {
  std::size_t size = limit;
  while (size > 0 && limit - size < 4 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U)
    --size;
  return text.substr(0, limit - size < 4 ? size : limit);
}

bool is_allowed(std::string_view name, PropertiesOf event) noexcept {
  constexpr std::string_view kPrefix = "micromegas.";
  if (name.empty() || name.size() > PropertySet::kMaxNameBytes) return false;
  if (same_property_name(name.substr(0, kPrefix.size()), kPrefix)) return false;
  const auto is_one_of = [name](std::initializer_list<std::string_view> reserved) {
    return std::any_of(reserved.begin(), reserved.end(),
                       [name](std::string_view other) { return same_property_name(name, other); });
  };
  switch (event) {
    case PropertiesOf::kLog:
      return !is_one_of({"level", "target"});
    case PropertiesOf::kMetric:
      return !is_one_of({"target", "name", "unit"});
    case PropertiesOf::kSpan:
      break;
  }
  return true;
}

}  // namespace

RunTimeProperties::RunTimeProperties(std::span<const Property> properties, PropertiesOf event,
                                     std::size_t limit) noexcept {
  for (const Property& property : properties) {
    if (is_allowed(property.name, event)) {
      add(property);
    } else {
      ++refused_;
    }
  }
  fit(limit);
}

void RunTimeProperties::add(const Property& property) noexcept {
  for (std::size_t i = 0; i < size_; ++i) {
    if (same_property_name(properties_[i].name, property.name)) {
      properties_[i] = property;
      ++refused_;
      return;
    }
  }
  if (size_ == kMax) {
    ++refused_;
    return;
  }
  std::construct_at(properties_ + size_++, property);
}

// Names take half of the limit at most, values share equally what is left.
void RunTimeProperties::fit(std::size_t limit) noexcept {
  std::size_t names = 0;
  std::size_t kept = 0;
  for (; kept < size_; ++kept) {
    const std::size_t more = encoded(properties_[kept].name) + 16;
    if (names + more > limit / 2) break;
    names += more;
  }
  refused_ += size_ - kept;
  size_ = kept;
  const auto count_bytes = [this] {
    bytes_ = 0;
    for (const Property& p : get()) bytes_ += encoded(p.name) + encoded(p.value);
  };
  count_bytes();
  if (bytes_ <= limit) return;
  for (const Property& p : get()) bytes_ -= encoded(p.value) - 8;
  const std::size_t share = ((limit - bytes_) / size_) & ~std::size_t{7};
  for (std::size_t i = 0; i < size_; ++i) {
    if (properties_[i].value.size() <= share) continue;
    properties_[i].value = cut_at(properties_[i].value, share);
    ++cut_;
  }
  count_bytes();
}

}  // namespace micromegas::detail
