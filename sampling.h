// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Spans recorded always and sent by choice: of the times that turn out to be interesting.
//
//   micromegas::TelemetryOptions options;
//   options.span_sampling = micromegas::SpanSampling::kWindows;
//   ...
//   micromegas::sample_spans_for(std::chrono::seconds(5));  // on demand
//
//   micromegas::FrameSampler sampler;                       // or when something was slow
//   while (running) {
//     render();
//     sampler.frame();
//   }
//
// What is chosen are blocks: those of every thread (a second or so of its spans) that overlap a
// window. They are held back until it is decided, `span_sampling_hold` after their end at most and
// within `span_sampling_bytes`; micromegas::flush() and the end decide at once (a logger's own
// flush and dispatch's do not). What is left out is counted: KindStats::sampled_out. Logs, metrics
// and images are not affected. On wasm32 nothing happens.
#ifndef MICROMEGAS_SAMPLING_H_
#define MICROMEGAS_SAMPLING_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "micromegas/pipeline/sink/span_sampling.h"

namespace micromegas {

// In place of the option, from now on; what is held back is given away if it is kAll. Any thread,
// while telemetry is running.
void set_span_sampling(SpanSampling sampling);

// A window of time, in ticks of now(); both ends belong to it.
struct SpanWindow {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};
// Chooses the spans of a window, past or to come; of the past, what is still held back. Any thread.
void sample_spans(SpanWindow window);
// From now on.
void sample_spans_for(std::chrono::nanoseconds duration);

// Chooses the frames of a loop that were slow: those that took `factor` times as long as the
// average of the last ones.
struct FrameSamplerOptions {
  std::size_t average_of = 32;  // frames; none is slow before there have been so many
  double factor = 1.3;
  // Of the factor, with each slow frame: a slow hour is not all sent. A thousand others bring it
  // back.
  double factor_growth = 1.01;
  // No frame is chosen when the last user_active() is longer ago; 0: whoever uses it.
  std::chrono::milliseconds interaction_timeout{0};
  // One frame is chosen each time that so much activity has passed; 0: none.
  std::chrono::milliseconds heartbeat_interval{120'000};
};

// One thread at a time.
class FrameSampler {
 public:
  explicit FrameSampler(FrameSamplerOptions options = {});

  // A frame has ended, and the next one begins.
  void frame();
  // The user has done something.
  void user_active();

  // The same with a time of one's own, in ticks of now(); the window that frame() would choose.
  std::optional<SpanWindow> frame_at(std::int64_t now);
  void user_active_at(std::int64_t now) { last_input_ = now; }

 private:
  FrameSamplerOptions options_;
  double factor_;
  std::vector<std::int64_t> last_frames_;  // how long they took, a ring
  std::size_t next_ = 0;
  std::int64_t sum_ = 0;
  std::optional<std::int64_t> last_frame_;
  std::optional<std::int64_t> last_input_;
  std::int64_t active_ = 0;  // since the last heartbeat
};

}  // namespace micromegas

#endif  // MICROMEGAS_SAMPLING_H_
