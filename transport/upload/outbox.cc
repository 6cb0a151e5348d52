// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Hand-over, books and stop. What answers do: outbox_answers.cc.

#include "micromegas/transport/upload/outbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace micromegas::upload {
namespace {

// Of a node of the map and of the sets that name it, measured generously.
constexpr std::size_t kEntryOverhead = 400;
// Of a deferred gate.
constexpr std::size_t kGateOverhead = 200;
// A server that refuses every stream must not fill our memory with their names.
constexpr std::size_t kMaxGates = 65536;

std::string describe(const EventCounts& events) {
  std::string text;
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    if (events[kind] == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::to_string(events[kind]);
    text += ' ';
    text += to_string(static_cast<EventKind>(kind));
  }
  return text;
}

// What is the first to be dropped when memory is short.
bool is_trace(StreamKind kind) { return kind == StreamKind::kThread || kind == StreamKind::kImage; }

}  // namespace

Outbox::Outbox(OutboxOptions options)
    : options_(std::move(options)),
      destination_(options_.backoff, options_.max_in_flight, options_.seed),
      backoff_(options_.backoff, options_.seed + 1),
      size_(options_.slow_answer) {}

void Outbox::say(const Messages& messages) const {
  for (const Message& message : messages) options_.say(message.key, message.text);
}

// --- hand-over -------------------------------------------------------------------------------

bool Outbox::add_process(const Uuid& id, std::size_t bytes, Encode encode) {
  const std::lock_guard lock(mutex_);
  if (closed_ || processes_.count(id) != 0) return false;
  processes_.emplace(id, Gate{});
  Entry entry;
  entry.kind = RequestKind::kProcess;
  entry.lane = kMetadata;
  entry.id = id;
  entry.bytes = bytes;
  entry.encode = std::move(encode);
  make_ready(insert(std::move(entry)));
  return true;
}

void Outbox::announce_stream(const StreamInfo& stream, std::size_t bytes, Encode encode) {
  const std::lock_guard lock(mutex_);
  if (closed_ || streams_.count(stream.stream_id) != 0) return;
  if (refused(processes_, stream.process_id)) return;  // and so will its blocks be
  Gate gate;
  gate.state = Gate::State::kDeferred;
  gate.process_id = stream.process_id;
  gate.lane = is_trace(stream.kind) ? kTraceMetadata : kMetadata;
  gate.bytes = bytes + kGateOverhead;
  gate.encode = std::move(encode);
  deferred_bytes_ += gate.bytes;
  streams_.emplace(stream.stream_id, std::move(gate));
}

void Outbox::end_stream(const Uuid& id) {
  const std::lock_guard lock(mutex_);
  const auto it = streams_.find(id);
  if (it == streams_.end()) return;
  if (it->second.state == Gate::State::kPending) {
    it->second.ended = true;  // its blocks still wait
  } else {
    forget_stream(it);
  }
}

bool Outbox::add_block(BlockItem item) {
  Messages messages;
  bool added = false;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t cap = budget(item.kind);
    std::optional<DropReason> reason;
    if (closed_) {
      reason = DropReason::kStopped;
    } else if (refused(processes_, item.process_id) || refused(streams_, item.stream_id)) {
      reason = DropReason::kRefused;
    } else if (bytes_ + item.bytes + kEntryOverhead > cap) {
      reason = DropReason::kUploadBudget;
      messages.push_back({"upload.budget", "the upload queue is full (" + std::to_string(bytes_) +
                                               " of " + std::to_string(cap) + " bytes): dropped " +
                                               describe(item.events) + " events"});
    }

    if (!reason) {
      Entry entry;
      entry.lane = item.kind == StreamKind::kLog       ? kLogs
                   : item.kind == StreamKind::kMetrics ? kMetrics
                                                       : kTraces;
      entry.id = item.block_id;
      entry.events = item.events;
      entry.bytes = item.bytes;
      entry.encode = std::move(item.encode);
      entry.split = std::move(item.split);

      const auto stream = streams_.find(item.stream_id);
      if (stream != streams_.end() && stream->second.state == Gate::State::kDeferred) {
        announce_now(item.stream_id, stream->second);
      }
      const std::uint64_t ticket = insert(std::move(entry));
      raw_.insert(raw_.end(), ticket);
      if (stream != streams_.end()) {
        stream->second.waiting.push_back(ticket);
      } else {
        wait_at_or_ready(processes_, item.process_id, ticket);
      }
      added = true;
    } else {
      count_drop(item.events, *reason);
    }
    // Last, so that a hand-over that fails for want of memory is in nobody's books but the actor's.
    for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
      done_.events[kind].recorded += item.events[kind];
    }
  }
  say(messages);
  return added;
}

// --- entries and gates: under the lock ---------------------------------------------------------

std::size_t Outbox::budget(StreamKind kind) const {
  if (options_.waiting[static_cast<std::size_t>(kind)]) return options_.hard_bytes;
  return std::min(is_trace(kind) ? options_.soft_bytes : options_.hard_bytes, options_.open_bytes);
}

std::uint64_t Outbox::insert(Entry entry) {
  const std::uint64_t ticket = next_ticket_;
  next_ticket_ += kTicketRoom;
  entry.bytes += kEntryOverhead;
  const std::size_t bytes = entry.bytes;
  entries_.emplace_hint(entries_.end(), ticket, std::move(entry));
  bytes_ += bytes;
  return ticket;
}

void Outbox::wait_at_or_ready(Gates& gates, const Uuid& gate, std::uint64_t ticket) {
  const auto it = gates.find(gate);
  if (it == gates.end()) {
    make_ready(ticket);
  } else {
    it->second.waiting.push_back(ticket);
  }
}

void Outbox::make_ready(std::uint64_t ticket) {
  const auto it = entries_.find(ticket);
  if (it != entries_.end()) {
    ready_[it->second.lane].insert({it->second.suspicions, ticket});
  }
}

void Outbox::open_gate(Gates& gates, const Uuid& id) {
  const auto it = gates.find(id);
  if (it == gates.end()) return;
  const auto waiting = std::move(it->second.waiting);
  gates.erase(it);
  for (std::uint64_t ticket : waiting) make_ready(ticket);
}

bool Outbox::refused(const Gates& gates, const Uuid& id) {
  const auto it = gates.find(id);
  return it != gates.end() && it->second.state == Gate::State::kRefused;
}

void Outbox::announce_now(const Uuid& id, Gate& gate) {
  Entry metadata;
  metadata.kind = RequestKind::kStream;
  metadata.lane = gate.lane;
  metadata.id = id;
  metadata.bytes = gate.bytes;
  metadata.encode = std::move(gate.encode);
  gate.state = Gate::State::kPending;
  deferred_bytes_ -= gate.bytes;
  wait_at_or_ready(processes_, gate.process_id, insert(std::move(metadata)));
}

Outbox::Gates::iterator Outbox::forget_stream(Gates::iterator it) {
  if (it->second.state == Gate::State::kDeferred) deferred_bytes_ -= it->second.bytes;
  return streams_.erase(it);
}

void Outbox::refuse_gate(Gates& gates, const Uuid& id, DropReason reason) {
  const auto it = gates.find(id);
  if (it == gates.end()) return;
  const auto waiting = std::move(it->second.waiting);
  if (&gates == &processes_) {
    for (auto stream = streams_.begin(); stream != streams_.end();) {
      const bool never =
          stream->second.state == Gate::State::kDeferred && stream->second.process_id == id;
      stream = never ? forget_stream(stream) : std::next(stream);
    }
  }
  if (!it->second.ended && gates.size() < kMaxGates) {
    it->second = Gate{};
    it->second.state = Gate::State::kRefused;
  } else {
    gates.erase(it);
  }
  for (std::uint64_t ticket : waiting) {
    const auto entry = entries_.find(ticket);
    if (entry == entries_.end()) continue;
    if (entry->second.kind == RequestKind::kStream) refuse_gate(streams_, entry->second.id, reason);
    drop(entry, reason);
  }
}

void Outbox::count_drop(const EventCounts& events, DropReason reason) {
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    done_.events[kind].dropped[static_cast<std::size_t>(reason)] += events[kind];
  }
  ++drops_;
}

void Outbox::drop(Entries::iterator it, DropReason reason) {
  count_drop(it->second.events, reason);
  forget(it);
}

void Outbox::forget(Entries::iterator it) {
  land(it->second);
  bytes_ -= it->second.bytes;
  ready_[it->second.lane].erase({it->second.suspicions, it->first});
  raw_.erase(it->first);
  entries_.erase(it);
  shrunk_.notify_all();
}

// It is not under way any more.
void Outbox::land(Entry& entry) {
  if (!entry.in_flight) return;
  entry.in_flight = false;
  --in_flight_;
  bytes_in_flight_ -= std::exchange(entry.bytes_in_flight, 0);
}

void Outbox::set_bytes(Entry& entry, std::size_t bytes) {
  bytes += kEntryOverhead;
  bytes_ += bytes - entry.bytes;
  entry.bytes = bytes;
}

// --- stop ------------------------------------------------------------------------------------

void Outbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  destination_.hurry();
  release_due(TimePoint::max());
}

bool Outbox::wait_empty(TimePoint deadline) {
  std::unique_lock lock(mutex_);
  shrunk_.wait_until(lock, deadline, [&] { return entries_.empty() || hopeless_; });
  return entries_.empty();
}

void Outbox::expire() {
  Messages messages;
  Entries left;  // destroyed without the lock: blocks are large
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    expired_ = true;
    EventCounts lost{};
    std::size_t blocks = 0;
    for (const auto& [ticket, entry] : entries_) {
      count_drop(entry.events, DropReason::kDeadline);
      for (std::size_t kind = 0; kind < kEventKinds; ++kind) lost[kind] += entry.events[kind];
      if (entry.kind == RequestKind::kBlock) ++blocks;
    }
    left.swap(entries_);
    for (auto& lane : ready_) lane.clear();
    delayed_.clear();
    raw_.clear();
    processes_.clear();
    streams_.clear();
    in_flight_ = 0;
    bytes_in_flight_ = 0;
    bytes_ = 0;
    deferred_bytes_ = 0;
    if (blocks != 0) {
      std::string text = "stopped with " + std::to_string(blocks) + " blocks not acknowledged by " +
                         options_.destination + ": lost " + describe(lost) + " events";
      if (!done_.last_error.empty()) text += "; last error: " + done_.last_error;
      messages.push_back({"upload.deadline", std::move(text)});
    }
    shrunk_.notify_all();
  }
  say(messages);
}

// --- anybody ---------------------------------------------------------------------------------

std::uint64_t Outbox::told_drops() const {
  const std::lock_guard lock(mutex_);
  return told_drops_;
}

bool Outbox::wait_delivered(TimePoint deadline, std::uint64_t told) {
  std::unique_lock lock(mutex_);
  const std::uint64_t mark = next_ticket_;
  const bool gone = shrunk_.wait_until(
      lock, deadline, [&] { return entries_.empty() || entries_.begin()->first >= mark; });
  told_drops_ = drops_;
  return gone && drops_ == told;
}

UploadStats Outbox::stats() const {
  const std::lock_guard lock(mutex_);
  UploadStats stats = done_;
  stats.bytes_held = deferred_bytes_;
  for (const auto& [ticket, entry] : entries_) {
    for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
      stats.events[kind].held += entry.events[kind];
    }
    stats.bytes_held += entry.bytes;
    if (entry.kind == RequestKind::kBlock) ++stats.blocks_held;
  }
  return stats;
}

std::size_t Outbox::bytes_held() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

bool Outbox::empty() const {
  const std::lock_guard lock(mutex_);
  return entries_.empty();
}

}  // namespace micromegas::upload
