// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/context_names.h"

#include <atomic>
#include <string>

#include "micromegas/pipeline/instrument/utf8_boundary.h"
#include "micromegas/platform/diagnostics.h"

namespace micromegas {

Result<ContextProperties> context_properties(const PropertyMap& properties) {
  for (const auto& [name, value] : properties) {
    if (is_property_name(name)) continue;
    return Error("set_process_context: '" + name.substr(0, PropertySet::kMaxNameBytes) +
                 "' cannot be the name of a property: it is empty, longer than 256 bytes, level, "
                 "target, name, unit, or begins with micromegas.");
  }
  ContextProperties out;
  for (const auto& [name, value] : properties) {
    if (out.properties.size() == PropertySet::kMaxProperties) {
      out.refused = properties.size() - out.properties.size();
      break;
    }
    std::size_t size = value.size();
    if (size > PropertySet::kMaxValueBytes) {
      size = detail::utf8_boundary(value.data(), PropertySet::kMaxValueBytes);
      ++out.cut;
    }
    out.properties.emplace_back(name, value.substr(0, size));
  }
  static constinit std::atomic<bool> said{false};
  if ((out.refused != 0 || out.cut != 0) && !said.exchange(true, std::memory_order_relaxed)) {
    diagnose("context.limits",
             "set_process_context: properties were cut or left out: a value over 4096 bytes, or "
             "more than 64 of them");
  }
  return out;
}

}  // namespace micromegas
