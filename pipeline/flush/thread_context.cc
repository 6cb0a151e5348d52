// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/thread_context.h"

#include <algorithm>
#include <memory>

#include "micromegas/pipeline/instrument/property.h"

namespace micromegas::pipeline {

EventContextPtr merge_contexts(std::span<const EventContextPtr> contexts) {
  EventContextPtr only;
  std::size_t count = 0;
  for (const EventContextPtr& context : contexts) {
    if (context == nullptr || context->properties.empty()) continue;
    only = context;
    ++count;
  }
  if (count <= 1) return only;
  auto merged = std::make_shared<EventContext>();
  for (const EventContextPtr& context : contexts) {
    if (context == nullptr) continue;
    for (const auto& property : context->properties) {
      const bool found = std::any_of(
          merged->properties.begin(), merged->properties.end(),
          [&](const auto& other) { return same_property_name(other.first, property.first); });
      if (!found) merged->properties.push_back(property);
    }
  }
  return merged;
}

void ThreadContext::begin(std::uint32_t depth, EventContextPtr properties) {
  if (depth == 0) {
    if (!layers_.empty() && layers_.front().depth == 0) layers_.erase(layers_.begin());
    layers_.insert(layers_.begin(), {0, std::move(properties)});
  } else {
    end(depth);
    layers_.push_back({depth, std::move(properties)});
  }
  stale_ = true;
}

void ThreadContext::end(std::uint32_t depth) {
  while (!layers_.empty() && layers_.back().depth >= depth && layers_.back().depth != 0) {
    layers_.pop_back();
  }
  stale_ = true;
}

const EventContextPtr& ThreadContext::get(const EventContextPtr& process) {
  if (stale_ || process != process_) {
    std::vector<EventContextPtr> all;
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
      all.push_back(layer->properties);
    }
    all.push_back(process);
    merged_ = merge_contexts(all);
    process_ = process;
    stale_ = false;
  }
  return merged_;
}

EventContextPtr NamedContexts::get(const EventContextPtr& base, std::string_view name,
                                   std::string_view value) {
  constexpr std::size_t kKept = 32;
  for (const Entry& entry : entries_) {
    const auto& property = entry.result->properties.front();
    if (entry.base == base && property.second == value && property.first == name) {
      return entry.result;
    }
  }
  auto made = std::make_shared<EventContext>();
  made->properties.emplace_back(name, value);
  const EventContextPtr one = made;
  const EventContextPtr both[] = {one, base};
  EventContextPtr result = merge_contexts(both);
  if (entries_.size() < kKept) {
    entries_.push_back({base, result});
  } else {
    entries_[next_] = {base, result};
    next_ = (next_ + 1) % kKept;
  }
  return result;
}

}  // namespace micromegas::pipeline
