// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is logged by spdlog, as logs of ours:
//
//   spdlog::default_logger()->sinks().push_back(std::make_shared<micromegas::SpdlogSink>());
//
// The logger's name is the target, "spdlog" if it has none; the text is what was logged, without a
// pattern; source file, line and function, where spdlog has them, are the properties source.file,
// source.line and source.function. critical is fatal, err error, the others as they are called.
// Filtered by level and target, after spdlog's own levels. The time is that of the sink: now.
//
// As safe as spdlog is: any thread, no lock, throws nothing. What our own threads log through
// spdlog is not taken: a sink that logs would feed itself. spdlog::flush() hands over what was
// recorded, 1 s at most, and does not wait for the server: micromegas::flush() does.
#ifndef MICROMEGAS_SPDLOG_SINK_H_
#define MICROMEGAS_SPDLOG_SINK_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <spdlog/details/log_msg.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/sink.h>

#include <memory>
#include <string>
#include <string_view>

#include "micromegas/interop/loggers/bridge.h"

namespace micromegas {

class SpdlogSink final : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& message) override {
    if (message.level >= spdlog::level::off) return;
    detail::BridgedLog log;
    log.level = level_of(message.level);
    log.target = {message.logger_name.data(), message.logger_name.size()};
    if (log.target.empty()) log.target = "spdlog";
    log.text = {message.payload.data(), message.payload.size()};
    if (!message.source.empty()) {
      if (message.source.filename != nullptr) log.file = message.source.filename;
      log.line = static_cast<std::uint32_t>(message.source.line);
      if (message.source.funcname != nullptr) log.function = message.source.funcname;
    }
    detail::record_bridged(log);
  }
  void flush() override { detail::hand_over_bridged(); }
  // There is no line to lay out.
  void set_pattern(const std::string& /*pattern*/) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter> /*formatter*/) override {}

 private:
  static Level level_of(spdlog::level::level_enum level) noexcept {
    switch (level) {
      case spdlog::level::critical:
        return Level::kFatal;
      case spdlog::level::err:
        return Level::kError;
      case spdlog::level::warn:
        return Level::kWarn;
      case spdlog::level::info:
        return Level::kInfo;
      case spdlog::level::debug:
        return Level::kDebug;
      default:
        return Level::kTrace;
    }
  }
};

}  // namespace micromegas

#endif  // MICROMEGAS_SPDLOG_SINK_H_
