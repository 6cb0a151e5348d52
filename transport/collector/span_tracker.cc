// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/span_tracker.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace micromegas::collector {
namespace {

std::int64_t elapsed(std::int64_t begin, std::int64_t end) {
  std::int64_t ns = 0;
  if (end <= begin) return 0;
  if (__builtin_sub_overflow(end, begin, &ns)) return std::numeric_limits<std::int64_t>::max();
  return ns;
}

std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

}  // namespace

std::uint32_t SpanTracker::intern(std::string_view name) {
  if (name.size() > kMaxNameBytes) {
    std::size_t size = kMaxNameBytes;
    while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xC0) == 0x80) --size;
    name = name.substr(0, size);
  }
  std::string key(name);
  auto found = name_numbers_.find(key);
  if (found == name_numbers_.end()) {
    if (names_.size() + 1 >= kMaxNames) {
      key = "(other)";
      found = name_numbers_.find(key);
      if (found != name_numbers_.end()) return found->second;
    }
    found = name_numbers_.emplace(std::move(key), static_cast<std::uint32_t>(names_.size())).first;
    names_.push_back(&found->first);
  }
  return found->second;
}

void SpanTracker::add_block(const Uuid& process, const Uuid& stream_id, std::string_view thread,
                            std::int64_t first_event, std::int64_t event_count,
                            std::vector<Mark> marks, std::vector<FinishedSpan>& finished) {
  auto [entry, is_new] = streams_.try_emplace(stream_id);
  Stream& stream = entry->second;
  if (is_new) {
    stream.process = process;
    stream.thread = thread;
  }
  if (first_event < stream.next_event) {  // after it was given up: what is whole in it still counts
    ++gaps_;
    Stream alone{process, std::string(thread), 0, {}, {}};
    run(alone, marks, finished);
    drop_open(alone);
    return;
  }
  if (first_event > stream.next_event) {
    if (stream.early.contains(first_event)) {  // two blocks claim the same events
      ++gaps_;
      return;
    }
    held_marks_ += marks.size();
    stream.early.emplace(first_event, Early{event_count, std::move(marks)});
    while (!stream.early.empty() &&
           (stream.early.size() > kMaxEarlyBlocks || held_marks_ > kMaxHeldMarks)) {
      skip_gap(stream, finished);
    }
    return;
  }
  run(stream, marks, finished);
  stream.next_event = saturating_add(first_event, event_count);
  run_ready(stream, finished);
}

void SpanTracker::run_ready(Stream& stream, std::vector<FinishedSpan>& finished) {
  while (!stream.early.empty() && stream.early.begin()->first <= stream.next_event) {
    auto next = stream.early.extract(stream.early.begin());
    held_marks_ -= next.mapped().marks.size();
    run(stream, next.mapped().marks, finished);
    stream.next_event =
        std::max(stream.next_event, saturating_add(next.key(), next.mapped().event_count));
  }
}

void SpanTracker::skip_gap(Stream& stream, std::vector<FinishedSpan>& finished) {
  ++gaps_;
  drop_open(stream);  // their ends may be in what is missing
  stream.next_event = stream.early.begin()->first;
  run_ready(stream, finished);
}

void SpanTracker::drop_open(Stream& stream) {
  unclosed_ += stream.open.size();
  held_marks_ -= stream.open.size();
  stream.open.clear();
}

void SpanTracker::run(Stream& stream, const std::vector<Mark>& marks,
                      std::vector<FinishedSpan>& finished) {
  for (const Mark& mark : marks) {
    if (mark.is_async) {
      const AsyncKey key{stream.process, mark.span_id};
      const auto other = open_async_.find(key);
      if (other != open_async_.end() && other->second.is_begin != mark.is_begin) {
        mark.is_begin ? finish(stream, mark, other->second, finished)
                      : finish(stream, other->second, mark, finished);
        open_async_.erase(other);
      } else if (other == open_async_.end() && open_async_.size() < kMaxOpenAsync) {
        open_async_.emplace(key, mark);
      }
    } else if (mark.is_begin) {
      if (held_marks_ >= kMaxHeldMarks) {
        ++unclosed_;
        continue;
      }
      stream.open.push_back(mark);
      ++held_marks_;
    } else {
      auto begin = std::find_if(stream.open.rbegin(), stream.open.rend(),
                                [&](const Mark& open) { return open.name == mark.name; });
      if (begin == stream.open.rend()) {
        ++orphan_ends_;
        continue;
      }
      const auto inner = static_cast<std::size_t>(begin - stream.open.rbegin());
      unclosed_ += inner;
      held_marks_ -= inner + 1;
      finish(stream, *begin, mark, finished);
      stream.open.resize(stream.open.size() - inner - 1);
    }
  }
}

void SpanTracker::finish(const Stream& stream, const Mark& begin, const Mark& end,
                         std::vector<FinishedSpan>& finished) {
  ++finished_;
  FinishedSpan span{.name = *names_[begin.name],
                    .thread = begin.is_async ? std::string() : stream.thread,
                    .is_async = begin.is_async,
                    .begin_time = begin.time,
                    .duration_ns = elapsed(begin.time, end.time)};
  Total& total = totals_[std::uint64_t{begin.name} * 2 + (begin.is_async ? 1 : 0)];
  ++total.count;
  total.total_ns = saturating_add(total.total_ns, span.duration_ns);
  total.max_ns = std::max(total.max_ns, span.duration_ns);
  if (slowest_.size() < kSlowest || span.duration_ns > slowest_.back().duration_ns) {
    const auto place = std::upper_bound(
        slowest_.begin(), slowest_.end(), span,
        [](const FinishedSpan& a, const FinishedSpan& b) { return a.duration_ns > b.duration_ns; });
    slowest_.insert(place, span);
    if (slowest_.size() > kSlowest) slowest_.pop_back();
  }
  finished.push_back(std::move(span));
}

void SpanTracker::end_stream(const Uuid& stream_id, std::vector<FinishedSpan>& finished) {
  const auto entry = streams_.find(stream_id);
  if (entry == streams_.end()) return;
  while (!entry->second.early.empty()) skip_gap(entry->second, finished);
  drop_open(entry->second);
  streams_.erase(entry);
}

void SpanTracker::end_all(std::vector<FinishedSpan>& finished) {
  while (!streams_.empty()) end_stream(Uuid(streams_.begin()->first), finished);
}

void SpanTracker::fill(CollectorStats& stats) const {
  stats.finished_spans = finished_;
  stats.orphan_span_ends = orphan_ends_;
  stats.unclosed_spans = unclosed_;
  stats.span_gaps = gaps_;
  stats.slowest_spans = slowest_;
}

std::vector<SpanSummary> SpanTracker::summaries() const {
  std::vector<SpanSummary> rows;
  rows.reserve(totals_.size());
  for (const auto& [key, total] : totals_) {
    rows.push_back({.name = *names_[key / 2],
                    .is_async = key % 2 == 1,
                    .count = total.count,
                    .total_ns = total.total_ns,
                    .max_ns = total.max_ns});
  }
  std::sort(rows.begin(), rows.end(), [](const SpanSummary& a, const SpanSummary& b) {
    return a.max_ns != b.max_ns ? a.max_ns > b.max_ns : a.name < b.name;
  });
  return rows;
}

}  // namespace micromegas::collector
