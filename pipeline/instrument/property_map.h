// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Properties of a process or a stream. Apart from property.h, which every instrumented file
// includes.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_PROPERTY_MAP_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_PROPERTY_MAP_H_

#include <functional>
#include <map>
#include <string>

namespace micromegas {

using PropertyMap = std::map<std::string, std::string, std::less<>>;

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_PROPERTY_MAP_H_
