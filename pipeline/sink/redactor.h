// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_PIPELINE_SINK_REDACTOR_H_
#define MICROMEGAS_PIPELINE_SINK_REDACTOR_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace micromegas {

// Asked for each property, before any sink sees its event: returns what stands in the value's
// place, or nothing to leave it. A log's text shows the same in the place of the value, whatever
// its format spec. Called on several threads at once, and again whenever a block is read, also
// after the end of telemetry: it is never destroyed. Keep it quick. If it throws, "[redactor
// threw]" stands in the place.
using Redactor =
    std::function<std::optional<std::string>(std::string_view name, std::string_view value)>;

// The redactor's answer, with what it throws caught.
std::optional<std::string> redacted(const Redactor& redactor, std::string_view name,
                                    std::string_view value);

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_REDACTOR_H_
