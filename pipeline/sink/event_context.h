// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_PIPELINE_SINK_EVENT_CONTEXT_H_
#define MICROMEGAS_PIPELINE_SINK_EVENT_CONTEXT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace micromegas {

// Properties that many events carry: of their scope, their thread, the process. What the event has
// itself wins. Immutable, shared by the blocks.
struct EventContext {
  std::vector<std::pair<std::string, std::string>> properties;

  // Bytes of memory.
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    std::size_t bytes = sizeof(EventContext) + properties.capacity() * sizeof(properties[0]);
    for (const auto& [name, value] : properties) bytes += name.capacity() + value.capacity();
    return bytes;
  }
};

using EventContextPtr = std::shared_ptr<const EventContext>;  // null: none

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_EVENT_CONTEXT_H_
