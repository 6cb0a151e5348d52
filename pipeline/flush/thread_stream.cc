// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/thread_stream.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

namespace micromegas::pipeline {

using queue::RecordKind;

namespace {

constexpr std::size_t kMaxPropertyBytes = 64 * 1024;  // of one span

}  // namespace

ThreadStreamState::ThreadStreamState(const StreamInfo& info, std::int64_t begin_time, bool track)
    : stream(std::make_shared<SampledStream>()),
      builder_(info.process_id, info.stream_id, begin_time, /*merged=*/false),
      track_(track) {
  stream->info = ThreadStream{info};
}

std::int64_t ThreadStreamState::last_time() const noexcept {
  const bool none = builder_.empty() && builder_.blocks() == 0;
  return track_ && none ? std::numeric_limits<std::int64_t>::min() : builder_.last_time();
}

void ThreadStreamState::end_top(std::int64_t time) {
  const Open& top = stack_.back();
  if (const More* more = top.more.get()) {
    builder_.add_span_end(top.id, time,
                          top.named ? std::optional<std::string_view>(more->name) : std::nullopt,
                          more->properties, more->context);
  } else {
    builder_.add_span_end(top.id, time, std::nullopt, {}, {});
  }
  stack_.pop_back();
}

std::uint32_t ThreadStreamState::end_abandoned(std::int64_t time) {
  std::uint32_t ended = 0;
  for (; !stack_.empty() && stack_.back().abandoned; ++ended) end_top(time);
  return ended;
}

std::uint32_t ThreadStreamState::abandon(std::uint32_t id, std::uint32_t depth) noexcept {
  // Not there if it has been ended by another one.
  std::size_t at = stack_.size();
  const auto is_it = [&](std::size_t i) {
    return stack_[i].id == id && stack_[i].depth == depth && !stack_[i].abandoned;
  };
  while (at > 0 && !is_it(at - 1)) --at;
  if (at == 0) return 0;
  stack_[at - 1].abandoned = true;
  try {
    return end_abandoned(builder_.last_time());
  } catch (const std::bad_alloc&) {  // with the next end
    return 0;
  }
}

// Of the same keys and set the last one is kept: set() in a loop does not add up.
bool ThreadStreamState::keep_properties(Open& open, const queue::RecordReader& record,
                                        const std::byte* bytes) {
  std::vector<std::byte>& kept = open.with_more().properties;
  // At most one is in its place.
  std::size_t old = 0;
  std::size_t old_bytes = 0;
  for (std::size_t at = 0; at < kept.size() && record.id() != 0;) {
    const queue::RecordReader other(kept.data() + at, kept.size() - at);
    if (other.id() == record.id() && other.kind() == record.kind() &&
        other.property_set() == record.property_set()) {
      old = at;
      old_bytes = other.bytes();
      break;
    }
    at += other.bytes();
  }
  if (kept.size() - old_bytes + record.bytes() > kMaxPropertyBytes) return false;
  kept.insert(kept.end(), bytes, bytes + record.bytes());  // or the old one stays
  const auto begin = kept.begin() + static_cast<std::ptrdiff_t>(old);
  kept.erase(begin, begin + static_cast<std::ptrdiff_t>(old_bytes));
  return true;
}

bool ThreadStreamState::add_properties(const queue::RecordReader& record, const std::byte* bytes) {
  queue::RecordReader values = record;
  const std::uint64_t span = values.number();
  const auto id = static_cast<std::uint32_t>(span);
  const auto depth = static_cast<std::uint32_t>(span >> 32);
  std::size_t at = stack_.size();
  while (at > 0 && (stack_[at - 1].id != id || stack_[at - 1].depth != depth)) --at;
  return at > 0 && refused_ == 0 && keep_properties(stack_[at - 1], record, bytes);
}

void ThreadStreamState::begin(const queue::RecordReader& record, const std::byte* bytes,
                              std::int64_t time, const EventContextPtr& context) {
  Open open{
      .id = record.id(), .depth = open_, .named = record.kind() == RecordKind::kNamedSpanBegin};
  queue::RecordReader values = record;
  if (open.named) open.with_more().name = values.string().text;
  if (context != nullptr) open.with_more().context = context;
  if (!values.rest().empty() || record.property_set() != 0) keep_properties(open, record, bytes);
  // First, so that a begin is in the block and on the stack, or in neither.
  if (stack_.size() == stack_.capacity()) stack_.reserve(2 * stack_.size() + 8);
  builder_.add(bytes, record.bytes(), time, EventKind::kSpan);
  stack_.push_back(std::move(open));
}

std::size_t ThreadStreamState::add_plain(const std::byte* records, std::size_t bytes,
                                         const ClockModel& clock) noexcept {
  constexpr std::uint32_t kBegin = queue::plain_head(RecordKind::kSpanBegin);
  constexpr std::uint32_t kEnd = queue::plain_head(RecordKind::kSpanEnd);
  if (track_) return 0;
  ClockModel::Piece piece;
  std::int64_t last = builder_.last_time();
  std::int64_t first = 0;
  const std::span<std::byte> room = builder_.plain_room();
  const std::size_t most = std::min(bytes, room.size()) / queue::kRecordHeaderBytes;
  std::byte* to = room.data();
  std::size_t done = 0;
  for (; done < most;
       ++done, records += queue::kRecordHeaderBytes, to += queue::kRecordHeaderBytes) {
    const std::uint64_t word = queue::load64(records);
    const std::uint64_t ticks = queue::load64(records + 8);
    const auto id = static_cast<std::uint32_t>(word);
    const auto head = static_cast<std::uint32_t>(word >> 32);
    if (head == kBegin) {
      if (stack_.size() == stack_.capacity()) break;
      stack_.push_back({.id = id, .depth = ++open_});
    } else if (head == kEnd) {
      if (stack_.empty()) break;
      const Open& top = stack_.back();
      if (top.id != id || top.more != nullptr || top.abandoned) break;
      // One that has been left to its inner spans ends with them.
      if (stack_.size() > 1 && stack_[stack_.size() - 2].abandoned) break;
      stack_.pop_back();
      if (open_ > 0) --open_;
    } else {
      break;
    }
    if (!piece.has(ticks)) [[unlikely]]
      piece = clock.piece(ticks);
    last = std::max(last, piece.anchor.to_ns(ticks));
    if (done == 0) first = last;
    queue::store64(to, word);
    queue::store64(to + 8, static_cast<std::uint64_t>(last));
  }
  builder_.add_plain(done, first, last, EventKind::kSpan);
  return done;
}

ThreadStreamState::Added ThreadStreamState::add(const queue::RecordReader& record,
                                                const std::byte* bytes, std::int64_t time,
                                                const EventContextPtr& context,
                                                const Bounds& bounds) noexcept {
  Added added;
  try {
    switch (record.kind()) {
      case RecordKind::kSpanBegin:
      case RecordKind::kNamedSpanBegin:
        ++open_;
        // With those inside. A time that was not given may be of another processor.
        if (refused_ != 0 || (track_ && (record.flags() & queue::kNanoseconds) != 0 &&
                              (time < last_time() || !bounds.have(time)))) {
          added.dropped = DropReason::kInvalid;
          ++refused_;
          break;
        }
        begin(record, bytes, std::max(time, last_time()), context);
        break;
      case RecordKind::kSpanEnd:
      case RecordKind::kNamedSpanEnd: {
        if (open_ > 0) --open_;
        if (refused_ != 0) {
          --refused_;
          added.dropped = DropReason::kInvalid;
          break;
        }
        if (time > bounds.latest) time = last_time();
        time = std::max(time, last_time());
        std::size_t depth = stack_.size();
        const auto is_it = [&](const Open& o) { return o.id == record.id() && !o.abandoned; };
        while (depth > 0 && !is_it(stack_[depth - 1])) --depth;
        if (depth == 0) {
          added.dropped = DropReason::kInvalid;
          break;
        }
        for (; stack_.size() > depth; ++added.invented) end_top(time);
        end_top(time);
        added.invented += end_abandoned(time);
        break;
      }
      case RecordKind::kSpansForgotten: {
        queue::RecordReader values = record;
        open_ = static_cast<std::uint16_t>(open_ - std::min<std::uint64_t>(open_, values.number()));
        break;
      }
      case RecordKind::kSpanProperties:
        added.lost_properties = !add_properties(record, bytes);
        break;
      case RecordKind::kAsyncSpanEnd:
      case RecordKind::kAsyncNamedEnd:
        builder_.add(bytes, record.bytes(), time, EventKind::kAsyncSpan, context);
        break;
      default:
        builder_.add(bytes, record.bytes(), time, EventKind::kAsyncSpan);
    }
  } catch (const std::bad_alloc&) {
    if (queue::is_event(record.kind())) {
      added.dropped = DropReason::kQueueFull;
    } else {
      added.lost_properties = true;
    }
  }
  return added;
}

std::uint32_t ThreadStreamState::end_open_spans(std::int64_t time) noexcept {
  std::uint32_t ended = 0;
  time = std::max(time, builder_.last_time());
  try {
    for (; !stack_.empty(); ++ended) end_top(time);
  } catch (const std::bad_alloc&) {  // the rest stays open on the server
  }
  return ended;
}

}  // namespace micromegas::pipeline
