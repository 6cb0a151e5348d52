// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_CONTEXT_NAMES_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_CONTEXT_NAMES_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/instrument/property_map.h"
#include "micromegas/platform/result.h"

namespace micromegas {

// What set_process_context() makes of its properties. Every event carries them, and whoever puts
// them to its own looks at each: they keep to a PropertySet's limits.
struct ContextProperties {
  std::vector<std::pair<std::string, std::string>> properties;
  std::size_t refused = 0;  // properties past kMaxProperties
  std::size_t cut = 0;      // values past kMaxValueBytes
};

// An error: a name that is_property_name() refuses. The first time that it refuses or cuts, it says
// so.
Result<ContextProperties> context_properties(const PropertyMap& properties);

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_CONTEXT_NAMES_H_
