// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// For people who write their own EventSink, or combine ours:
//
//   class Alarm : public micromegas::EventSink {
//     void on_log(const LogMetadata& m, std::span<const Property>, std::int64_t,
//                 std::string_view text) override {
//       if (m.level <= Level::kError) ring(text);
//     }
//   };
//   auto telemetry = micromegas::init_telemetry({.sinks = {{std::make_shared<Alarm>()}}});
#ifndef MICROMEGAS_SINK_H_
#define MICROMEGAS_SINK_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include "micromegas/pipeline/sink/composite_sink.h"
#include "micromegas/pipeline/sink/console_sink.h"
#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/pipeline/sink/null_sink.h"

#endif  // MICROMEGAS_SINK_H_
