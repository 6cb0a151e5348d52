// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Properties that every event carries, without being written at each; docs/reference.md.
//
//   void handle(const Request& request) {
//     const micromegas::ContextScope context("tenant"_k = request.tenant);
//     MM_INFO("accepted");  // tenant=...
//   }
//
// Of logs, metrics, thread spans and the ends of asynchronous ones; what an event has itself wins,
// then the innermost scope, the outer ones, the thread, the process. An event costs its thread
// nothing for it: the flush actor puts them together.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_CONTEXT_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_CONTEXT_H_

#include "micromegas/pipeline/instrument/arguments.h"
#include "micromegas/pipeline/instrument/recorder.h"

namespace micromegas {

// From here to the end of the block, on this thread: "key"_k = value, and at most one PropertySet.
// Neither copied nor moved; not in code that suspends. Without effect while telemetry does not run.
class [[nodiscard]] ContextScope {
 public:
  template <class... Properties>
  explicit ContextScope(const Properties&... properties)
      : depth_(detail::begin_context(properties...)) {}
  ~ContextScope() {
    if (depth_ != 0) detail::end_context(depth_);
  }
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  std::uint32_t depth_;  // 0: nothing was recorded
};

// Of this thread from here on, in the place of what it had.
template <class... Properties>
void set_thread_context(const Properties&... properties) {
  detail::set_thread_context(properties...);
}

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_CONTEXT_H_
