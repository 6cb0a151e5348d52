// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/context_names.h"

#include <string>

namespace micromegas {

Result<void> check_context_names(const PropertyMap& properties) {
  for (const auto& [name, value] : properties) {
    if (is_property_name(name)) continue;
    return Error("set_process_context: '" + name.substr(0, PropertySet::kMaxNameBytes) +
                 "' cannot be the name of a property: it is empty, longer than 256 bytes, level, "
                 "target, name, unit, or begins with micromegas.");
  }
  return {};
}

}  // namespace micromegas
