// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_CONTEXT_NAMES_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_CONTEXT_NAMES_H_

#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/platform/result.h"

namespace micromegas {

// set_process_context()'s error: a name that is_property_name() refuses.
Result<void> check_context_names(const PropertyMap& properties);

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_CONTEXT_NAMES_H_
