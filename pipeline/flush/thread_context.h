// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the events of one queue of one thread carry: its open ContextScopes, its thread's context,
// the process's. The flush actor's alone.
#ifndef MICROMEGAS_PIPELINE_FLUSH_THREAD_CONTEXT_H_
#define MICROMEGAS_PIPELINE_FLUSH_THREAD_CONTEXT_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/pipeline/sink/event_context.h"

namespace micromegas::pipeline {

// All of them in one, the first one's properties before the others'. Null if there is none.
EventContextPtr merge_contexts(std::span<const EventContextPtr> contexts);

class ThreadContext {
 public:
  // A kContextBegin; depth 0: of the thread.
  void begin(std::uint32_t depth, EventContextPtr properties);
  // A kContextEnd.
  void end(std::uint32_t depth);

  // With the process's context added.
  const EventContextPtr& get(const EventContextPtr& process);

 private:
  struct Layer {
    std::uint32_t depth;
    EventContextPtr properties;
  };
  std::vector<Layer> layers_;  // by depth
  EventContextPtr process_;    // of merged_
  EventContextPtr merged_;
  bool stale_ = true;
};

// The last contexts that were made with a name more, so that equal ones are one.
class NamedContexts {
 public:
  EventContextPtr get(const EventContextPtr& base, std::string_view name, std::string_view value);

 private:
  struct Entry {
    EventContextPtr base;
    EventContextPtr result;  // its first property is the one more
  };
  std::vector<Entry> entries_;
  std::size_t next_ = 0;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_THREAD_CONTEXT_H_
