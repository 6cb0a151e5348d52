// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What no program on wasm32 holds, for the test that looks for it.

#include <concurrentqueue/concurrentqueue.h>
#include <lz4frame.h>

#include <thread>

namespace boost::sample {
void call() {}
}  // namespace boost::sample
namespace asio::sample {
void call() {}
}  // namespace asio::sample

int forbidden() {
  moodycamel::ConcurrentQueue<int> queue;
  std::thread thread([&queue] { queue.enqueue(static_cast<int>(LZ4F_getVersion())); });
  thread.join();
  int value = 0;
  queue.try_dequeue(value);
  return value;
}
