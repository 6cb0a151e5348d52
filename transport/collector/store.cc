// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/store.h"

#include <algorithm>
#include <utility>

#include "micromegas/transport/collector/count_events.h"

namespace micromegas::collector {

// The record layouts of a stream. Streams of one kind and program have the same, kept once: a
// program with 100,000 short threads registers as many streams.
struct Store::Layout {
  wire::DecodedStream stream;  // ids, tags and properties are set for each use
  std::size_t bytes = 0;
};

struct Store::Process {
  wire::DecodedProcess decoded;
  std::size_t bytes = 0;
  Age::iterator age;
};

struct Store::Stream {
  Uuid process_id;
  std::vector<std::string> tags;
  PropertyMap properties;
  std::shared_ptr<Layout> layout;
  std::size_t bytes = 0;  // of this stream alone, without the layout
  Age::iterator age;
};

struct Store::Pending {
  Uuid process_id;
  Uuid stream_id;
  std::string body;
};

namespace {

constexpr std::size_t kNodeBytes = 128;   // of an entry in a map, its content apart
constexpr std::size_t kLayoutFactor = 4;  // a decoded layout and its key against its body, at worst

// Everything a layout says, without ambiguity.
std::string layout_key(const wire::DecodedStream& stream) {
  std::string key;
  const auto number = [&](std::uint64_t n) { key.append(std::to_string(n)).push_back(';'); };
  const auto text = [&](const std::string& t) {
    number(t.size());
    key.append(t);
  };
  for (const auto* udts : {&stream.dependencies_metadata, &stream.objects_metadata}) {
    number(udts->size());
    for (const wire::Udt& udt : *udts) {
      text(udt.name);
      number(udt.size);
      number(udt.is_reference);
      number(udt.members.size());
      for (const wire::UdtMember& member : udt.members) {
        text(member.name);
        text(member.type_name);
        number(member.offset);
        number(member.size);
        number(member.is_reference);
      }
    }
  }
  return key;
}

template <class Map>
std::string property(const Map& map, std::string_view name) {
  const auto found = map.find(name);
  return found == map.end() ? std::string() : found->second;
}

}  // namespace

Store::Store(const StoreLimits& limits, CollectorObserver* observer)
    : limits_(limits), observer_(observer) {}
Store::~Store() { streams_.clear(); }  // their layouts leave layouts_

Store::Answer Store::insert_process(std::string_view body) {
  auto decoded = wire::decode_process(body, limits_.decode);
  if (!decoded) return {Outcome::kBad, decoded.error().message()};
  const Uuid id = decoded->info.process_id;
  {
    const std::lock_guard lock(mutex_);
    stats_.body_bytes += body.size();
    processes_.contains(id) ? ++stats_.duplicate_processes : ++stats_.processes;
  }
  if (!processes_.contains(id)) {
    process_age_.push_front(id);
    processes_.emplace(id, Process{std::move(*decoded), body.size(), process_age_.begin()});
    metadata_bytes_ += body.size();
    trim_metadata();
    if (observer_ != nullptr) observer_->on_process(processes_.at(id).decoded);
    retry_pending();
  }
  changed_.notify_all();
  return {};
}

Store::Answer Store::insert_stream(std::string_view body) {
  auto decoded = wire::decode_stream(body, limits_.decode);
  if (!decoded) return {Outcome::kBad, decoded.error().message()};
  const Uuid id = decoded->stream_id;
  {
    const std::lock_guard lock(mutex_);
    stats_.body_bytes += body.size();
    streams_.contains(id) ? ++stats_.duplicate_streams : ++stats_.streams;
  }
  if (!streams_.contains(id)) {
    if (observer_ != nullptr) observer_->on_stream(*decoded);
    std::size_t own_bytes = sizeof(Stream) + kNodeBytes;
    for (const auto& tag : decoded->tags) own_bytes += tag.size() + sizeof(std::string);
    for (const auto& [name, value] : decoded->properties) {
      own_bytes += name.size() + value.size() + kNodeBytes;
    }
    stream_age_.push_front(id);
    Stream stream{decoded->process_id,
                  std::move(decoded->tags),
                  std::move(decoded->properties),
                  share_layout(*decoded, body.size()),
                  own_bytes,
                  stream_age_.begin()};
    metadata_bytes_ += own_bytes;
    streams_.emplace(id, std::move(stream));
    trim_metadata();
    retry_pending();
  }
  changed_.notify_all();
  return {};
}

std::shared_ptr<Store::Layout> Store::share_layout(wire::DecodedStream& stream, std::size_t bytes) {
  std::string key = layout_key(stream);
  std::weak_ptr<Layout>& known = layouts_[key];
  if (auto layout = known.lock()) return layout;
  bytes *= kLayoutFactor;
  metadata_bytes_ += bytes;
  std::shared_ptr<Layout> layout(new Layout{std::move(stream), bytes},
                                 [this, key = std::move(key)](Layout* dead) {
                                   metadata_bytes_ -= dead->bytes;
                                   layouts_.erase(key);
                                   delete dead;
                                 });
  known = layout;
  return layout;
}

void Store::trim_metadata() {
  while (processes_.size() > limits_.max_processes) forget_process();
  while (streams_.size() > limits_.max_streams) forget_stream();
  // The newest one stays whatever its size: a body is bounded already.
  while (metadata_bytes_ > limits_.max_metadata_bytes) {
    if (streams_.size() > 1) {
      forget_stream();
    } else if (processes_.size() > 1) {
      forget_process();
    } else {
      break;
    }
  }
}

void Store::forget_process() {
  const auto oldest = processes_.find(process_age_.back());
  metadata_bytes_ -= oldest->second.bytes;
  processes_.erase(oldest);
  process_age_.pop_back();
  const std::lock_guard lock(mutex_);
  ++stats_.forgotten;
}

void Store::forget_stream() {
  const Uuid id = stream_age_.back();
  const auto oldest = streams_.find(id);
  metadata_bytes_ -= oldest->second.bytes;
  streams_.erase(oldest);
  stream_age_.pop_back();
  std::vector<FinishedSpan> finished;
  {
    const std::lock_guard lock(mutex_);
    ++stats_.forgotten;
    spans_.end_stream(id, finished);
  }
  tell_spans(std::move(finished));
}

Store::Answer Store::insert_block(std::string_view body) {
  const std::size_t bytes = body.size();
  auto block = wire::decode_block(body, limits_.decode);
  if (!block) {
    count_undecodable(block.error().message());
    return {Outcome::kBad, block.error().message()};
  }
  {
    const std::lock_guard lock(mutex_);
    if (block_ids_.contains(block->block_id)) {
      ++stats_.duplicate_blocks;
      stats_.body_bytes += bytes;
      changed_.notify_all();
      return {};
    }
  }
  const auto process = processes_.find(block->process_id);
  const auto stream = streams_.find(block->stream_id);
  if (process == processes_.end() || stream == streams_.end()) {
    const std::lock_guard lock(mutex_);
    if (pending_.size() >= limits_.max_pending_blocks ||
        stats_.pending_bytes + bytes > limits_.max_pending_bytes) {
      return {Outcome::kFull, "too many blocks whose stream or process has not arrived"};
    }
    remember_block(block->block_id);
    pending_.push_back({block->process_id, block->stream_id, std::string(body)});
    ++stats_.pending_blocks;
    stats_.pending_bytes += bytes;
    stats_.body_bytes += bytes;
    changed_.notify_all();
    return {};
  }
  Answer answer = decode_and_count(process->second, stream->second, *block, bytes);
  if (answer.outcome == Outcome::kAccepted) {
    const std::lock_guard lock(mutex_);
    stats_.body_bytes += bytes;
  }
  if (answer.outcome == Outcome::kBad) count_undecodable(answer.reason);
  return answer;
}

// A block's events, counted only once all of them were read.
Store::Answer Store::decode_and_count(Process& process, Stream& stream,
                                      const wire::DecodedBlock& block, std::size_t body_bytes) {
  process_age_.splice(process_age_.begin(), process_age_, process.age);
  stream_age_.splice(stream_age_.begin(), stream_age_, stream.age);
  // Kept alive here: an observer's stats or a trim must not end it under us.
  const std::shared_ptr<Layout> layout = stream.layout;
  wire::DecodedStream& decoded = layout->stream;
  decoded.process_id = stream.process_id;
  decoded.stream_id = block.stream_id;
  decoded.tags = stream.tags;
  decoded.properties = stream.properties;

  BlockEvents read;
  {
    const auto intern = [this](std::string_view name) {
      const std::lock_guard lock(mutex_);
      return spans_.intern(name);
    };
    auto counted = count_events(process.decoded, decoded, block, limits_.decode, intern);
    if (!counted) return {Outcome::kBad, counted.error().message()};
    read = std::move(*counted);
  }

  std::string thread = property(stream.properties, "thread-name");
  const std::string number = property(stream.properties, "thread-id");
  if (!thread.empty() && !number.empty()) thread += "-";
  thread += number;

  std::vector<FinishedSpan> finished;
  {
    const std::lock_guard lock(mutex_);
    remember_block(block.block_id);
    ++stats_.blocks;
    stats_.block_bytes += body_bytes;
    stats_.events += read.counts;
    if (read.number != block.event_count) ++stats_.miscounted_blocks;
    if (read.has_thread_stream) {
      spans_.add_block(block.process_id, block.stream_id, thread, block.object_offset, read.number,
                       std::move(read.marks), finished);
    }
  }
  changed_.notify_all();
  if (observer_ != nullptr) observer_->on_block(process.decoded, decoded, block);
  tell_spans(std::move(finished));
  return {};
}

void Store::retry_pending() {
  for (std::size_t i = 0; i < pending_.size();) {
    const auto process = processes_.find(pending_[i].process_id);
    const auto stream = streams_.find(pending_[i].stream_id);
    if (process == processes_.end() || stream == streams_.end()) {
      ++i;
      continue;
    }
    const Pending ready = std::move(pending_[i]);
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    {
      const std::lock_guard lock(mutex_);
      --stats_.pending_blocks;
      stats_.pending_bytes -= ready.body.size();
    }
    auto block = wire::decode_block(ready.body, limits_.decode);
    Answer answer{Outcome::kBad, "a held block cannot be decoded any more"};
    if (block)
      answer = decode_and_count(process->second, stream->second, *block, ready.body.size());
    if (answer.outcome == Outcome::kAccepted) continue;
    count_undecodable(answer.reason);
    if (observer_ != nullptr) observer_->on_refused(0, answer.reason);
  }
}

// Under the lock.
void Store::remember_block(const Uuid& id) {
  if (!block_ids_.insert(id).second) return;  // known since it waited for its stream
  block_id_age_.push_back(id);
  if (block_id_age_.size() > limits_.max_block_ids) {
    block_ids_.erase(block_id_age_.front());
    block_id_age_.pop_front();
  }
}

void Store::count_undecodable(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  ++stats_.undecodable_blocks;
  auto& reasons = stats_.undecodable_reasons;
  const bool has_room = reasons.size() + 1 < CollectorStats::kMaxReasons;
  ++reasons[has_room || reasons.contains(reason) ? reason.substr(0, 500) : "(other reasons)"];
  changed_.notify_all();
}

void Store::count_refused(unsigned status, std::string_view reason) {
  {
    const std::lock_guard lock(mutex_);
    ++stats_.refused[status];
  }
  changed_.notify_all();
  if (observer_ != nullptr) observer_->on_refused(status, reason);
}

void Store::tell_spans(std::vector<FinishedSpan> finished) {
  if (observer_ == nullptr) return;
  for (const FinishedSpan& span : finished) observer_->on_span(span);
}

void Store::finish() {
  std::vector<FinishedSpan> finished;
  {
    const std::lock_guard lock(mutex_);
    spans_.end_all(finished);
  }
  tell_spans(std::move(finished));
  changed_.notify_all();
}

CollectorStats Store::stats() const {
  const std::lock_guard lock(mutex_);
  CollectorStats stats = stats_;
  spans_.fill(stats);
  return stats;
}

std::vector<SpanSummary> Store::span_summaries() const {
  const std::lock_guard lock(mutex_);
  return spans_.summaries();
}

bool Store::has_block(const Uuid& block_id) const {
  const std::lock_guard lock(mutex_);
  return block_ids_.contains(block_id);
}

bool Store::wait_for(const std::function<bool(const CollectorStats&)>& reached,
                     std::chrono::milliseconds timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::unique_lock lock(mutex_);
  for (;;) {
    CollectorStats stats = stats_;
    spans_.fill(stats);
    if (reached(stats)) return true;
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout) {
      stats = stats_;
      spans_.fill(stats);
      return reached(stats);
    }
  }
}

}  // namespace micromegas::collector
