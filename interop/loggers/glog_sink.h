// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is logged by glog, as logs of ours:
//
//   static micromegas::GlogSink sink;  // outlives every log
//   google::AddLogSink(&sink);
//   ...
//   google::RemoveLogSink(&sink);
//
// The text is what was logged, without glog's prefix; source file and line are the properties
// source.file and source.line. INFO, WARNING, ERROR and FATAL are info, warn, error and fatal; a
// VLOG is glog's INFO, so ours too. Filtered by level and target, after glog's own flags.
// LOG(FATAL) waits, 2 s at most, until everything is delivered; then glog aborts.
//
// Any thread (glog holds its own lock); throws nothing, and never logs by glog, which would not
// return. What our own threads log through glog is not taken: a sink that logs would feed itself.
#ifndef MICROMEGAS_GLOG_SINK_H_
#define MICROMEGAS_GLOG_SINK_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <glog/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "micromegas/interop/loggers/bridge.h"

namespace micromegas {

class GlogSink final : public google::LogSink {
 public:
  explicit GlogSink(std::string target = "glog") : target_(std::move(target)) {}

  using google::LogSink::send;
  void send(google::LogSeverity severity, const char* full_filename, const char* /*base_filename*/,
            int line, const google::LogMessageTime& /*time*/, const char* message,
            std::size_t message_size) override {
    const Level level = level_of(severity);
    detail::record_bridged({.level = level,
                            .target = target_,
                            .text = {message, message_size},
                            .file = full_filename != nullptr ? full_filename : "",
                            .line = static_cast<std::uint32_t>(line)});
    if (level == Level::kFatal) aborting_ = true;
  }
  // Called by glog when it holds no lock any more, for each log on the thread that logs it.
  void WaitTillSent() override {
    if (std::exchange(aborting_, false)) detail::deliver_before_abort();
  }

 private:
  static Level level_of(google::LogSeverity severity) noexcept {
    if (severity <= google::GLOG_INFO) return Level::kInfo;
    if (severity == google::GLOG_WARNING) return Level::kWarn;
    return severity == google::GLOG_ERROR ? Level::kError : Level::kFatal;
  }

  std::string target_;
  // The thread's last log was fatal. Others log meanwhile, and must not wait in its place.
  static inline thread_local bool aborting_ = false;
};

}  // namespace micromegas

#endif  // MICROMEGAS_GLOG_SINK_H_
