// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a program prints, as logs too: a log for each line, while the text goes where it went
// before.
//
//   const micromegas::StreamCapture out(std::cout, {.target = "stdout"});
//
//   auto err = micromegas::DescriptorCapture::start(2, {.level = kWarn, .target = "stderr"});
//   if (!err) std::fprintf(stderr, "%s\n", err.error().message().c_str());
//
// The first takes what goes through the stream, the second everything that is written to the
// descriptor: by printf, by std::cerr, by libraries, by programs that are started meanwhile.
//
// Lines end with \n or \r\n; empty ones are left out, of one longer than 56 KiB the beginning is
// kept and marked, and what has no end is a line when the capture ends. Filtered by level and
// target like any log. Without telemetry there are no logs; the text goes on. Our own lines, on the
// console and diagnostics, are not taken.
#ifndef MICROMEGAS_OUTPUT_CAPTURE_H_
#define MICROMEGAS_OUTPUT_CAPTURE_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

#include "micromegas/pipeline/instrument/level.h"
#include "micromegas/platform/result.h"

namespace micromegas {

struct OutputCaptureOptions {
  Level level = Level::kInfo;
  std::string target = "output";
};

// A stream, from here to the end of the object's life; it must outlive the object. Any thread may
// print meanwhile, each line is a log of the thread that ends it; begin and end it while nobody
// prints: the stream's buffer is replaced. What our own threads print (a sink, by the stream) goes
// on and is not logged. In a forked child the text goes on and is not logged either, until the
// child begins a capture of its own. Of two on one stream the later ends first.
class StreamCapture {
 public:
  explicit StreamCapture(std::ostream& stream, OutputCaptureOptions options = {});
  ~StreamCapture();
  StreamCapture(const StreamCapture&) = delete;
  StreamCapture& operator=(const StreamCapture&) = delete;

 private:
  class Buffer;
  std::ostream& stream_;
  std::unique_ptr<Buffer> buffer_;
};

// Descriptor 1 or 2, through a pipe and a thread of its own that passes on and logs; each at most
// once. C's buffer is flushed at both ends. Ends at exit() too, the later of two first, and before
// telemetry does if it was started after it. Where the program itself leads the descriptor
// elsewhere meanwhile (freopen), that stays. Any thread.
//
// To know before it is used: what is printed in the last moment before a crash, an abort() or
// _exit() may get lost, on the terminal as well. Programs that are started meanwhile print into it
// and get an error or SIGPIPE once this one has ended, which exec() of itself does too: end the
// capture before. A forked child has its own descriptor back.
// A sink of your own that prints to it feeds itself: let it print to original().
class DescriptorCapture {
 public:
  // An error if `fd` is neither 1 nor 2, closed or captured already, or the system has no
  // descriptor or thread to give.
  static Result<DescriptorCapture> start(int fd, OutputCaptureOptions options = {});
  DescriptorCapture(DescriptorCapture&& other) noexcept;
  DescriptorCapture& operator=(DescriptorCapture&& other) noexcept;
  // All that was printed before is passed on and logged.
  ~DescriptorCapture();

  // A descriptor of where the text goes; closed at the end.
  [[nodiscard]] int original() const noexcept;
  // Pieces of at most 16 KiB that did not all go on: disk full, nobody reads, a non-blocking
  // descriptor without room for a second. They are logged all the same, and a line on stderr says
  // so.
  [[nodiscard]] std::uint64_t lost() const noexcept;

 private:
  class Tap;
  explicit DescriptorCapture(std::shared_ptr<Tap> tap) noexcept;
  std::shared_ptr<Tap> tap_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_OUTPUT_CAPTURE_H_
