// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Blocks without records, for tests of what happens to blocks.
#ifndef MICROMEGAS_TESTS_UPLOAD_ITEMS_H_
#define MICROMEGAS_TESTS_UPLOAD_ITEMS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/stats.h"
#include "micromegas/platform/uuid.h"
#include "micromegas/transport/upload/outbox.h"
#include "micromegas/transport/upload/stats.h"

namespace micromegas::upload {

inline constexpr std::chrono::seconds kPatience{30};  // only a broken test waits that long

inline TimePoint patience() { return std::chrono::steady_clock::now() + kPatience; }

inline Encode body(std::string text) {
  return [text = std::move(text)] { return Result<std::string>(text); };
}

// A text in place of a long one.
inline std::string name_of(const std::string& text) {
  if (text.size() < 1000) return text;
  return text.substr(0, 20) + "... (" + std::to_string(text.size()) + " bytes, " +
         std::to_string(std::hash<std::string>()(text)) + ")";
}

// Every block that a test has made, by its text: what a server may have received.
class Made {
 public:
  void note(const std::string& text, std::uint64_t events) {
    const std::lock_guard lock(mutex_);
    Block& block = made_[name_of(text)];
    ++block.times;
    block.events = events;
  }
  // The events of the blocks that were stored so and so often, by name_of() their texts. Fails on
  // one that nobody made.
  std::uint64_t events_of(const std::map<std::string, std::uint64_t>& stored) const {
    const std::lock_guard lock(mutex_);
    std::uint64_t events = 0;
    for (const auto& [text, times] : stored) {
      const auto it = made_.find(text);
      if (it == made_.end()) {
        ADD_FAILURE() << "nobody made this block: " << text.substr(0, 100);
      } else {
        events += std::min(times, it->second.times) * it->second.events;
      }
    }
    return events;
  }

 private:
  struct Block {
    std::uint64_t times = 0;
    std::uint64_t events = 0;  // of each
  };
  mutable std::mutex mutex_;
  std::map<std::string, Block> made_;  // by name_of()
};

// A process with one stream of each kind.
struct Items {
  std::shared_ptr<Made> made = std::make_shared<Made>();
  Uuid process = Uuid::random();
  Uuid streams[4] = {Uuid::random(), Uuid::random(), Uuid::random(), Uuid::random()};

  static EventKind event_kind(StreamKind kind) {
    return kind == StreamKind::kLog       ? EventKind::kLog
           : kind == StreamKind::kMetrics ? EventKind::kFloatMetric
           : kind == StreamKind::kImage   ? EventKind::kImage
                                          : EventKind::kSpan;
  }

  void announce(Outbox& outbox) const {
    outbox.add_process(process, 100, body("process"));
    for (const StreamKind kind : {StreamKind::kThread, StreamKind::kMetrics, StreamKind::kLog}) {
      announce_stream(outbox, kind);
    }
  }
  void announce_stream(Outbox& outbox, StreamKind kind) const {
    StreamInfo info;
    info.process_id = process;
    info.stream_id = streams[static_cast<int>(kind)];
    info.kind = kind;
    constexpr const char* kNames[] = {"log stream", "metrics stream", "thread stream",
                                      "image stream"};
    outbox.announce_stream(info, 100, body(kNames[static_cast<int>(kind)]));
  }

  [[nodiscard]] BlockItem block(StreamKind kind, std::string text, std::uint64_t events = 1,
                                std::size_t bytes = 1000) const {
    BlockItem item;
    item.kind = kind;
    item.process_id = process;
    item.stream_id = streams[static_cast<int>(kind)];
    item.block_id = Uuid::random();
    item.events[static_cast<std::size_t>(event_kind(kind))] = events;
    item.bytes = bytes;
    made->note(text, events);
    item.encode = body(std::move(text));
    return item;
  }
};

inline const KindStats& of(const UploadStats& stats, EventKind kind) {
  return stats.events[static_cast<std::size_t>(kind)];
}
inline std::uint64_t dropped(const UploadStats& stats, EventKind kind, DropReason reason) {
  return of(stats, kind).dropped[static_cast<std::size_t>(reason)];
}

// What holds in every copy, at any moment.
inline void expect_balance(const UploadStats& stats) {
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    const KindStats& s = stats.events[kind];
    EXPECT_EQ(s.recorded, s.delivered + s.held + s.dropped_total())
        << to_string(static_cast<EventKind>(kind));
  }
}

}  // namespace micromegas::upload

#endif  // MICROMEGAS_TESTS_UPLOAD_ITEMS_H_
