// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/console_sink.h"

#include "micromegas/wasm/console.h"
#include "micromegas/wasm/text_buffer.h"

namespace micromegas {

bool ConsoleEventSink::on_log_enabled(const LogMetadata& metadata) {
  return allows(options_.max_level, metadata.level);
}

void ConsoleEventSink::on_log(const LogMetadata& metadata, std::span<const Property> properties,
                              std::int64_t /*time*/, std::string_view text) {
  wasm::TextBuffer prefix;
  prefix.append("[");
  prefix.append(to_string(metadata.level));
  prefix.append("] ");
  wasm::write_to_console(metadata.level, prefix.view(), text, properties);
}

}  // namespace micromegas
