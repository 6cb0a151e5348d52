// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The process's redactor. Stays after the end of telemetry: a sink may still read its blocks.
#ifndef MICROMEGAS_PIPELINE_FLUSH_REDACTION_H_
#define MICROMEGAS_PIPELINE_FLUSH_REDACTION_H_

#include <memory>

#include "micromegas/pipeline/sink/redactor.h"

namespace micromegas::pipeline {

// Any thread. Null: none.
void set_redactor(std::shared_ptr<const Redactor> redactor) noexcept;
std::shared_ptr<const Redactor> current_redactor() noexcept;

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_REDACTION_H_
