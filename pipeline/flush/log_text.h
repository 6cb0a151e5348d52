// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The text of a recorded log: its format string with the values of its record, by {fmt}.
#ifndef MICROMEGAS_PIPELINE_FLUSH_LOG_TEXT_H_
#define MICROMEGAS_PIPELINE_FLUSH_LOG_TEXT_H_

#include <memory>
#include <string_view>

#include "micromegas/pipeline/flush/record_values.h"
#include "micromegas/pipeline/queue/catalogue.h"
#include "micromegas/pipeline/queue/record.h"

namespace micromegas::pipeline {

// Reuse one object for many logs: it keeps its buffers. One thread at a time.
class LogFormatter {
 public:
  LogFormatter();
  ~LogFormatter();
  LogFormatter(const LogFormatter&) = delete;
  LogFormatter& operator=(const LogFormatter&) = delete;

  // The text of a kLog record with these values. Valid until the next call. Never throws: what
  // cannot be formatted says so in the text, and so does a value that was cut.
  std::string_view format(const queue::Descriptor& descriptor, RecordValues& values);

  // A text value with the mark of a cut, if it was cut. Valid until the next call.
  std::string_view mark(const queue::StringValue& value);

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_LOG_TEXT_H_
