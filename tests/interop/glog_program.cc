// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// glog_program [THREADS]: dies by LOG(FATAL), while so many threads log, with telemetry to
// MICROMEGAS_TELEMETRY_URL.

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "micromegas/glog_sink.h"
#include "micromegas/telemetry.h"

int main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  auto telemetry = micromegas::init_telemetry({.console = false});
  if (!telemetry) return 2;
  static micromegas::GlogSink sink;
  google::AddLogSink(&sink);
  LOG(INFO) << "before";
  std::atomic<int> logged{0};
  for (int t = argc > 1 ? std::atoi(argv[1]) : 0; t > 0; --t) {
    std::thread([&] {
      for (int i = 0; i < 5000; ++i, ++logged) {
        LOG(INFO) << "meanwhile";
        std::this_thread::sleep_for(std::chrono::microseconds(50));  // not to take all processors
      }
    }).detach();
  }
  while (argc > 1 && logged < 200) std::this_thread::yield();
  LOG(FATAL) << "cannot go on";
}
