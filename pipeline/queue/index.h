// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Enumerators as indices of arrays.
#ifndef MICROMEGAS_PIPELINE_QUEUE_INDEX_H_
#define MICROMEGAS_PIPELINE_QUEUE_INDEX_H_

#include <cstddef>

#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/pipeline/sink/stats.h"

namespace micromegas::queue {

constexpr std::size_t index(EventKind kind) noexcept { return static_cast<std::size_t>(kind); }
constexpr std::size_t index(DropReason reason) noexcept { return static_cast<std::size_t>(reason); }
constexpr std::size_t index(QueueKind queue) noexcept { return static_cast<std::size_t>(queue); }

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_INDEX_H_
