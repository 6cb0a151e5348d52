// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/block_builder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "micromegas/pipeline/flush/redaction.h"

namespace micromegas::pipeline {
namespace {

constexpr std::size_t kContextsToSearch = 4;
constexpr std::size_t kPlaceBytes = 80;  // of memory, beside the context itself

}  // namespace

BlockBuilder::BlockBuilder(const Uuid& process_id, const Uuid& stream_id, std::int64_t begin_time,
                           bool merged)
    : process_id_(process_id), stream_id_(stream_id), merged_(merged), begin_time_(begin_time) {}

std::uint64_t BlockBuilder::place(const EventContextPtr& context) {
  auto& contexts = records_.contexts;
  set_bytes_ += context->properties.size() * kSetBytesPerProperty;
  // The last one first: a thread's events come together.
  for (std::size_t i = contexts.size(); i > 0 && i + kContextsToSearch > contexts.size(); --i) {
    if (contexts[i - 1] == context) return i;
  }
  if (const auto found = places_.find(context.get()); found != places_.end()) return found->second;
  contexts.push_back(context);
  records_.context_bytes += context->memory_bytes() + kPlaceBytes;
  places_.emplace(context.get(), contexts.size());
  return contexts.size();
}

std::uint32_t BlockBuilder::add(const std::byte* record, std::size_t bytes, std::int64_t time,
                                EventKind kind, const EventContextPtr& context) {
  const std::size_t offset = records_.bytes.size();
  const std::uint64_t place = context != nullptr ? this->place(context) : 0;
  const std::size_t more = place != 0 ? 8 : 0;
  std::byte* at = records_.bytes.extend(bytes + more);
  std::uint64_t head = queue::load64(record);
  if (place != 0) {
    head += (std::uint64_t{queue::kHasContext} << 40) + (std::uint64_t{1} << 48);
    queue::store64(at + 16, place);
  }
  queue::store64(at, head);
  queue::store64(at + 8, static_cast<std::uint64_t>(time));
  std::byte* const to = at + more;
  if (bytes <= 64) {  // most: no call
    for (std::size_t i = 16; i < bytes; i += 8) queue::store64(to + i, queue::load64(record + i));
  } else {
    std::memcpy(to + 16, record + 16, bytes - 16);
  }
  account(time, kind);
  return static_cast<std::uint32_t>(offset);
}

void BlockBuilder::replace_context(std::uint32_t offset, const EventContextPtr& context) {
  queue::store64(records_.bytes.data() + offset + queue::kRecordHeaderBytes, place(context));
}

void BlockBuilder::add_span_end(std::uint32_t id, std::int64_t time,
                                std::optional<std::string_view> name,
                                std::span<const std::byte> properties,
                                const EventContextPtr& context) {
  using queue::RecordKind;
  const auto length = static_cast<std::uint32_t>(name ? name->size() : 0);
  const std::uint32_t name_bytes = name ? queue::string_bytes(length) : 0;
  const std::uint64_t place = context != nullptr ? this->place(context) : 0;
  const auto bytes = static_cast<std::uint32_t>(queue::kRecordHeaderBytes + (place != 0 ? 8 : 0) +
                                                name_bytes + properties.size());
  std::byte* at = records_.bytes.extend(bytes);
  const RecordKind kind = name ? RecordKind::kNamedSpanEnd : RecordKind::kSpanEnd;
  const std::uint8_t flags = place != 0 ? queue::kHasContext : queue::kNoFlags;
  queue::store64(at, queue::header_word(id, kind, flags, bytes));
  queue::store64(at + 8, static_cast<std::uint64_t>(time));
  at += queue::kRecordHeaderBytes;
  if (place != 0) {
    queue::store64(at, place);
    at += 8;
  }
  if (name) {
    queue::store64(at + name_bytes - 8, 0);  // the padding
    queue::store64(at, std::uint64_t{length} | (std::uint64_t{length} << 32));
    if (length != 0) std::memcpy(at + 8, name->data(), length);
    at += name_bytes;
  }
  if (!properties.empty()) std::memcpy(at, properties.data(), properties.size());
  account(time, EventKind::kSpan);
}

BlockBuilder::Cut BlockBuilder::cut(std::int64_t now) {
  if (!sorted_) {
    records_.order.clear();  // of a try that ran out of memory
    records_.order.reserve(static_cast<std::size_t>(count_));
    for (std::size_t at = 0; at < records_.bytes.size();) {
      records_.order.push_back(static_cast<std::uint32_t>(at));
      at += (queue::load64(records_.bytes.data() + at) >> 48) * 8;
    }
    // Stable: events of one thread keep their order even if the clock gave them the same time.
    const auto time = [this](std::uint32_t at) {
      return static_cast<std::int64_t>(queue::load64(records_.bytes.data() + at + 8));
    };
    std::stable_sort(records_.order.begin(), records_.order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return time(a) < time(b); });
  }
  Cut out;
  out.header.process_id = process_id_;
  out.header.stream_id = stream_id_;
  out.header.block_id = Uuid::random();
  out.header.begin_time = std::min(begin_time_, min_time_);
  out.header.end_time = merged_ ? std::max(now, max_time_) : max_time_;
  out.header.object_offset = object_offset_;
  out.header.event_count = count_;
  out.records = std::move(records_);
  out.records.bytes.trim();
  out.records.redactor = current_redactor();
  out.kinds = kinds_;

  records_ = {};
  places_ = {};
  set_bytes_ = 0;
  begin_time_ = out.header.end_time;
  object_offset_ += count_;
  ++blocks_;
  kinds_ = {};
  count_ = 0;
  sorted_ = true;
  return out;
}

}  // namespace micromegas::pipeline
