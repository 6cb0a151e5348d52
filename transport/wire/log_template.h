// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_TRANSPORT_WIRE_LOG_TEMPLATE_H_
#define MICROMEGAS_TRANSPORT_WIRE_LOG_TEMPLATE_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "micromegas/pipeline/instrument/property.h"

namespace micromegas::wire {

// Renders the format of a TaggedLogTemplateEvent as the official analytics does: {{ and }} are
// braces, {name}, {name:} and {name:?} the value of the first property of exactly this name,
// everything else stands as it is. Appends to `out`; spends what it writes and compares of `budget`
// and returns false when that is gone.
bool render_log_template(std::string_view format, std::span<const Property> properties,
                         std::size_t& budget, std::string& out);

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_LOG_TEMPLATE_H_
