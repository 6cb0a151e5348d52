// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The redactor of the telemetry that runs, or ran last. Its blocks keep it: a sink may read them
// after the end.
#ifndef MICROMEGAS_PIPELINE_FLUSH_REDACTION_H_
#define MICROMEGAS_PIPELINE_FLUSH_REDACTION_H_

#include "micromegas/pipeline/sink/redactor.h"

namespace micromegas::pipeline {

// Any thread, no lock: a child that is forked in the middle finds it whole. Each one that was ever
// set lives as long as the process. Empty: none.
void set_redactor(Redactor redactor);
// Null: none.
const Redactor* current_redactor() noexcept;

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_REDACTION_H_
