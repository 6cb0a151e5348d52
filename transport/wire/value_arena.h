// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Memory for what is read from records: addresses stay until everything is given back at once.
#ifndef MICROMEGAS_TRANSPORT_WIRE_VALUE_ARENA_H_
#define MICROMEGAS_TRANSPORT_WIRE_VALUE_ARENA_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "micromegas/transport/wire/value.h"

namespace micromegas::wire {

class ValueArena {
 public:
  std::span<Member> members(std::size_t count) {
    while (chunk_ < chunks_.size() && chunks_[chunk_].size() - used_ < count) {
      ++chunk_;
      used_ = 0;
    }
    if (chunk_ == chunks_.size()) chunks_.emplace_back(std::max(count, kChunk));
    const std::span<Member> result(chunks_[chunk_].data() + used_, count);
    used_ += count;
    return result;
  }

  Object* object() {
    if (objects_used_ == objects_.size()) objects_.emplace_back();
    return &objects_[objects_used_++];
  }

  // Empty.
  std::string& text() {
    if (texts_used_ == texts_.size()) texts_.emplace_back();
    std::string& result = texts_[texts_used_++];
    result.clear();
    return result;
  }

  // Keeps the memory, but for texts that grew large.
  void clear() {
    chunk_ = 0;
    used_ = 0;
    objects_used_ = 0;
    for (std::size_t i = 0; i < texts_used_; ++i) {
      if (texts_[i].capacity() > kKeptText) texts_[i] = std::string();
    }
    texts_used_ = 0;
  }

 private:
  static constexpr std::size_t kChunk = 256;
  static constexpr std::size_t kKeptText = 65'536;

  std::deque<std::vector<Member>> chunks_;
  std::size_t chunk_ = 0;
  std::size_t used_ = 0;  // of chunks_[chunk_]
  std::deque<Object> objects_;
  std::size_t objects_used_ = 0;
  std::deque<std::string> texts_;
  std::size_t texts_used_ = 0;
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_VALUE_ARENA_H_
