// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Prints a folder of received bodies (folder.h) as JSON lines (wire/json_lines.h): its processes,
// its streams, then each block followed by its events, in order of arrival.
#ifndef MICROMEGAS_TRANSPORT_COLLECTOR_DECODE_FOLDER_H_
#define MICROMEGAS_TRANSPORT_COLLECTOR_DECODE_FOLDER_H_

#include <string>
#include <string_view>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/transport/wire/decode.h"

namespace micromegas::collector {

// True if every file was read and decoded. A file that was not gives one `error` that names it, and
// no line; the others are still printed. Of a process, stream or block that comes twice the first
// one is taken, as the server does.
bool decode_folder(const std::string& folder, FunctionRef<void(std::string_view)> line,
                   FunctionRef<void(std::string_view)> error,
                   const wire::DecodeLimits& limits = {});

}  // namespace micromegas::collector

#endif  // MICROMEGAS_TRANSPORT_COLLECTOR_DECODE_FOLDER_H_
