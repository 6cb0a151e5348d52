// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A log on its way to the sink: its text, and its properties as texts.

#include <cstddef>

#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/wasm/format.h"
#include "micromegas/wasm/session.h"
#include "micromegas/wasm/text_buffer.h"

namespace micromegas::wasm {
namespace {

class Properties {
 public:
  void add(std::string_view name, std::string_view value) noexcept {
    if (size_ < kMax) properties_[size_++] = {name, value};
  }
  // Unless one of the pairs has the name.
  void add_missing(std::span<const Property> set) noexcept {
    const std::size_t pairs = size_;
    for (const Property& p : set) {
      bool found = false;
      for (std::size_t i = 0; i < pairs && !found; ++i) {
        found = same_property_name(properties_[i].name, p.name);
      }
      if (!found) add(p.name, p.value);
    }
  }
  [[nodiscard]] std::span<const Property> get() const noexcept { return {properties_, size_}; }

 private:
  static constexpr std::size_t kMax = detail::kMaxArguments + PropertySet::kMaxProperties;
  Property properties_[kMax];
  std::size_t size_ = 0;
};

}  // namespace

void log(const LogMetadata& metadata, const queue::ArgList& list, const FormatArg* args,
         const PropertySet* set) noexcept {
  Mentions mentions(list.keys, list.count);
  TextBuffer text;
  format(text, metadata.text, args, list.count, mentions);

  Properties properties;
  TextBuffer values;
  Mentions::Place places[detail::kMaxArguments] = {};
  for (std::size_t i = 0; i < list.count; ++i) {
    if (mentions.numbers.name(i).empty() || args[i].type == queue::ArgType::kString) continue;
    if (args[i].type == queue::ArgType::kFormatted && mentions.first[i].found) continue;
    const std::size_t begin = values.view().size();
    args[i].format(values, {}, args[i]);
    places[i] = {begin, values.view().size() - begin, true};
  }
  for (std::size_t i = 0; i < list.count; ++i) {
    const std::string_view name = mentions.numbers.name(i);
    if (name.empty()) continue;
    if (places[i].found) {
      properties.add(name, values.view().substr(places[i].begin, places[i].size));
    } else if (args[i].type == queue::ArgType::kString) {
      properties.add(name, {static_cast<const char*>(args[i].data), args[i].size});
    } else {
      properties.add(name, text.view().substr(mentions.first[i].begin, mentions.first[i].size));
    }
  }
  if (set != nullptr) properties.add_missing(set->properties());
  deliver(metadata, properties.get(), text.view());
}

}  // namespace micromegas::wasm
