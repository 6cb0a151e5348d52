// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/drain.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "micromegas/pipeline/flush/redaction.h"
#include "micromegas/platform/clock.h"
#include "micromegas/platform/diagnostics.h"

namespace micromegas::pipeline {
namespace {

constexpr std::int64_t kSyncEvery = 1'000'000'000;      // ns
constexpr std::int64_t kFirstBlockAfter = 500'000'000;  // ns: a stream's first block leaves early
constexpr std::size_t kBusySegments = 4;                // full segments in one tick
constexpr int kMoreTries = 8;
// For a thread that is interrupted while it adds to a histogram, at a flush and at the end.
constexpr std::chrono::milliseconds kPatience{5};
constexpr std::chrono::milliseconds kLastPatience{100};
// While only windows of spans are wanted, blocks are shorter, so that little comes with them.
constexpr std::chrono::seconds kSampledPeriod{1};
// What a track may be told, in ns: of a device's clock that is off, or of what was measured before
// the start.
constexpr std::int64_t kBeforeStart = 3'600'000'000'000;
constexpr std::int64_t kAhead = 60'000'000'000;

template <class Stream>
Stream make_stream(const Uuid& process_id, StreamKind kind) {
  Stream stream;
  stream.process_id = process_id;
  stream.stream_id = Uuid::random();
  stream.kind = kind;
  return stream;
}

std::size_t index(EventKind kind) { return static_cast<std::size_t>(kind); }
std::size_t index(queue::QueueKind queue) { return static_cast<std::size_t>(queue); }

}  // namespace

Drain::Drain(const FlushOptions& options, std::shared_ptr<EventSink> sink,
             std::shared_ptr<const ProcessInfo> process, const ClockModel& model,
             PublishedClock& clock)
    : runtime_(queue::Runtime::get()),
      options_(options),
      sink_(std::move(sink)),
      process_(std::move(process)),
      model_(model),
      clock_(clock),
      next_aggregates_(process_->start_time + std::chrono::nanoseconds(options.period).count()),
      log_info_(make_stream<LogStream>(process_->process_id, StreamKind::kLog)),
      metrics_info_(make_stream<MetricsStream>(process_->process_id, StreamKind::kMetrics)),
      logs_(process_->process_id, log_info_.stream_id, process_->start_time, /*merged=*/true),
      metrics_(process_->process_id, metrics_info_.stream_id, process_->start_time,
               /*merged=*/true),
      images_(process_->process_id, process_->start_time),
      live_reader_(runtime_.catalogue(), &logs_.contexts(), current_redactor()),
      context_reader_(runtime_.catalogue()) {}

void say_that_a_sink_threw(const char* what, const char* why) noexcept {
  try {
    diagnose("sink.threw", std::string("a sink's ") + what + " threw" + why);
  } catch (...) {
    diagnose("sink.threw", "a sink threw");
  }
}

template <class F>
bool Drain::guarded(const char* what, F call) noexcept {
  try {
    call();
    return true;
  } catch (const std::exception& error) {
    try {
      say_that_a_sink_threw(what, (std::string(": ") + error.what()).c_str());
    } catch (...) {
      say_that_a_sink_threw(what, "");
    }
  } catch (...) {
    say_that_a_sink_threw(what, "");
  }
  return false;
}

template <class F>
void Drain::hand_over(const Kinds& kinds, F call) noexcept {
  const bool taken = guarded("block handler", call);
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    (taken ? handed_[kind] : dropped_[kind][static_cast<std::size_t>(DropReason::kSinkFailed)]) +=
        kinds[kind];
  }
  ask_whether_full();
}

void Drain::ask_whether_full() noexcept {
  if (options_.full) guarded("fill level", [&] { runtime_.set_full(options_.full()); });
}

void Drain::startup() {
  guarded("on_startup", [&] { sink_->on_startup(process_); });
  guarded("on_init_log_stream", [&] { sink_->on_init_log_stream(log_info_); });
  guarded("on_init_metrics_stream", [&] { sink_->on_init_metrics_stream(metrics_info_); });
}

std::int64_t Drain::now() { return model_.to_ns(read_ticks()); }

void Drain::sync_clock() {
  const std::int64_t at = now();
  if (at < next_sync_) return;
  model_.sync(sample_clock());
  clock_.publish(model_);
  next_sync_ = at + kSyncEvery;
}

void Drain::tick() {
  if (ended_) return;
  sync_clock();
  read_all();
  if (const std::int64_t at = now(); at >= next_aggregates_) {
    emit_aggregates(at, std::chrono::milliseconds(0));
    if (!metrics_.empty()) cut_metrics();
  }
  cut_due(false);
  decide_samples(false);
  forget_windows();
  ask_whether_full();
  captures_.cut(now());
  runtime_.tend_pool();
}

void Drain::cut_all() {
  if (ended_) return;
  sync_clock();
  // What was committed before the first time is full or live by the second.
  if (!read_all()) read_all();
  emit_aggregates(now(), ending_ ? kLastPatience : kPatience);
  cut_due(true);
  decide_samples(false);
  forget_windows();
  captures_.cut(now());
}

void Drain::flush() {
  if (ended_) return;
  cut_all();
  decide_samples(true);
}

void Drain::shutdown() {
  ending_ = true;
  try {
    flush();
  } catch (...) {
    diagnose("flush.failed", "the last events could not be made into blocks: out of memory?");
  }
  ended_ = true;
  captures_.end();
  guarded("on_shutdown", [&] { sink_->on_shutdown(); });
}

// --- reading ---

bool Drain::read_all() {
  bool all = true;
  const std::uint64_t pass_begin = read_ticks();
  busy_ = runtime_.collect_full() >= kBusySegments;
  runtime_.take_ended_elsewhere(ended_elsewhere_);  // before their begins are read
  runtime_.threads(slots_);
  behind_.clear();
  behind_.reserve(slots_.size());
  for (queue::ThreadSlot* slot : slots_) {
    // Before the queues: what a thread recorded before it retired is then seen below.
    const bool retired = slot->retired.load(std::memory_order_acquire);
    const Read read = options_.log_origin
                          ? read_with_origin(*slot)
                          : Read{read_event_queue(*slot, nullptr), read_span_queue(*slot)};
    if (!read.spans) behind_.push_back(slot->state.uid);
    all = all && read.events && read.spans;
    if (retired && read.events && read.spans) finish_thread(slot);
  }
  if (queue::ThreadSlot* slot = runtime_.take_late_ends(late_ends_)) {
    read_spans(*slot, late_ends_.records.data(), late_ends_.records.size());
    late_ends_.records.clear();
    late_ends_.count = 0;
  }
  end_elsewhere();
  if (all) forget_process_contexts(pass_begin);
  runtime_.room_made();
  show_live();
  read_images();
  return all;
}

bool Drain::read_event_queue(queue::ThreadSlot& slot, bool* block_full) {
  return runtime_.read_queue(slot, queue::QueueKind::kEvents,
                             [&](const std::byte* records, std::size_t bytes) {
                               read_events(slot, records, bytes);
                               if (block_full == nullptr) return true;
                               *block_full = logs_.full(options_.log_block_bytes);
                               return !*block_full;
                             });
}

bool Drain::read_span_queue(queue::ThreadSlot& slot) {
  return runtime_.read_queue(slot, queue::QueueKind::kSpans,
                             [&](const std::byte* records, std::size_t bytes) {
                               read_spans(slot, records, bytes);
                               return true;
                             });
}

// Whether so many were more than there can have been at first: a thread goes on recording.
bool Drain::outruns(std::size_t log_blocks) const {
  return log_blocks * queue::kSegmentBytes > runtime_.segment_bytes();
}

// A block of logs at a time: only those that know their span can be cut.
Drain::Read Drain::read_with_origin(queue::ThreadSlot& slot) {
  leave_unnamed();  // after a lack of memory
  for (std::size_t blocks = 0;; ++blocks) {
    const std::uint64_t begin = read_ticks();
    bool full = false;
    const bool events = read_event_queue(slot, &full);
    const bool spans = read_spans_of_logs(slot);
    const auto carried = carried_.find(slot.state.uid);
    // Nothing older than this is still to be read.
    if (events && carried != carried_.end()) carried->second.spans.forget_before(begin);
    cut_full_logs();
    if (events || !full || outruns(blocks)) return {events, spans};
  }
}

// Those of a thread that is behind wait: their begins may be unread, and an earlier span of the
// same depth still be open.
void Drain::end_elsewhere() {
  std::erase_if(ended_elsewhere_, [&](const queue::EndedElsewhere& span) {
    if (std::find(behind_.begin(), behind_.end(), span.thread_uid) != behind_.end()) return false;
    const auto found = threads_.find(span.thread_uid);
    if (found != threads_.end()) invented_ += found->second->abandon(span.id, span.depth);
    return true;
  });
}

void Drain::read_events(queue::ThreadSlot& slot, const std::byte* records, std::size_t bytes) {
  // Again: a record may have been committed behind a change that was made since the last look.
  take_process_contexts();
  ClockModel::Piece piece;
  EventContextPtr context;
  while (bytes > 0) {
    const queue::RecordReader record(records, bytes);
    if (!record.ok()) {
      diagnose("queue.damaged", "a queue holds a damaged record; the rest of its segment is lost");
      return;
    }
    const EventKind kind = queue::event_kind(record.kind());
    const bool event = queue::is_event(record.kind());
    if (event) runtime_.count_read(kind);
    try {
      if (!event) {
        read_context(carried_[slot.state.uid].of[index(queue::QueueKind::kEvents)], record);
      } else {
        if (!piece.has(record.time())) piece = model_.piece(record.time());
        const std::int64_t time = piece.anchor.to_ns(record.time());
        if (!carried_.empty() || !process_contexts_.empty()) {
          context = context_of(slot, queue::QueueKind::kEvents, record.time());
        }
        if (kind == EventKind::kLog) {
          add_log(slot, record, records, time, context);
        } else {
          add_to_captures(slot, record, records, time, context);
          metrics_.add(records, record.bytes(), time, kind, context);
        }
      }
    } catch (const std::bad_alloc&) {
      if (event) drop(kind, DropReason::kQueueFull);
      if (!event) runtime_.count_lost_properties();
    }
    records += record.bytes();
    bytes -= record.bytes();
    // Each may bring a context that is larger than all other records of its segment.
    if (context != nullptr) cut_full_events();
  }
  cut_full_events();
}

// Throws nothing: what has been read would be read again.
void Drain::cut_full_events() noexcept {
  try {
    if (unnamed_.empty()) cut_full_logs();  // else once their spans are known
    if (metrics_.full(options_.metrics_block_bytes)) cut_metrics();
  } catch (...) {  // the next tick tries again
    diagnose("flush.failed", "a block could not be cut: out of memory");
  }
}

void Drain::add_to_captures(const queue::ThreadSlot& slot, const queue::RecordReader& record,
                            const std::byte* bytes, std::int64_t time,
                            const EventContextPtr& context) {
  if (captures_.empty()) return;
  captures_.add_event(slot.thread_id, bytes, record.bytes(), time, queue::event_kind(record.kind()),
                      context);
}

void Drain::add_log(queue::ThreadSlot& slot, const queue::RecordReader& record,
                    const std::byte* bytes, std::int64_t time, const EventContextPtr& context) {
  std::uint32_t offset = 0;
  if (options_.log_origin) {
    EventContextPtr origin = origin_of(slot, context);
    add_to_captures(slot, record, bytes, time, origin);
    unnamed_.push_back({record.time(), 0, origin});  // first: a log in its block stays there
    try {
      offset = logs_.add(bytes, record.bytes(), time, EventKind::kLog, origin);
    } catch (...) {
      unnamed_.pop_back();
      throw;
    }
    unnamed_.back().offset = offset;
  } else {
    add_to_captures(slot, record, bytes, time, context);
    offset = logs_.add(bytes, record.bytes(), time, EventKind::kLog, context);
  }
  note_live(record, time, offset);
}

// They bypass the queues: at the end those are closed already.
void Drain::emit_aggregates(std::int64_t at, std::chrono::milliseconds patience) {
  next_aggregates_ = at + std::chrono::nanoseconds(options_.period).count();
  take_process_contexts();
  const EventContextPtr context =
      process_contexts_.empty() ? nullptr : process_contexts_.back().context;
  const auto emit = [&](const queue::AggregateMetric& metric) {
    using queue::RecordKind;
    std::array<std::byte, 32> record;
    const bool tagged = metric.property_set != 0;
    const std::uint32_t bytes = tagged ? 32 : 24;
    queue::store64(
        record.data(),
        queue::header_word(metric.id,
                           metric.is_float ? RecordKind::kFloatMetric : RecordKind::kIntegerMetric,
                           tagged ? queue::kHasPropertySet : queue::kNoFlags, bytes));
    queue::store64(record.data() + 16, tagged ? metric.property_set : metric.bits);
    queue::store64(record.data() + 24, metric.bits);
    const EventKind kind = metric.is_float ? EventKind::kFloatMetric : EventKind::kIntegerMetric;
    ++aggregated_[index(kind)];
    try {
      captures_.add_event(0, record.data(), bytes, at, kind, context);
      metrics_.add(record.data(), bytes, at, kind, context);
    } catch (const std::bad_alloc&) {
      drop(kind, DropReason::kQueueFull);
    }
  };
  const std::size_t missed = runtime_.aggregates().collect(emit, patience);
  if (ending_ && missed != 0) count_missed(missed);
}

// No later period has them.
void Drain::count_missed(std::size_t histograms) noexcept {
  aggregated_[index(EventKind::kIntegerMetric)] += histograms;
  dropped_[index(EventKind::kIntegerMetric)][static_cast<std::size_t>(DropReason::kStopped)] +=
      histograms;
  diagnose("histograms.missed",
           "the last period of a histogram is lost: at the end a thread was adding to it");
}

void Drain::read_images() {
  runtime_.images().take(new_images_);
  for (std::shared_ptr<Image>& image : new_images_) {
    image->time = model_.to_ns(static_cast<std::uint64_t>(image->time));
    try {
      captures_.add_image(image);
      images_.add(image);
    } catch (const std::bad_alloc&) {
      runtime_.images().release(image->memory_bytes());
      drop(EventKind::kImage, DropReason::kQueueFull);
      continue;
    }
    image.reset();
    try {
      if (images_.full(options_.image_block_bytes)) cut_images();
    } catch (const std::bad_alloc&) {  // the next tick tries again
      diagnose("flush.failed", "a block could not be cut: out of memory");
    }
  }
  new_images_.clear();
}

// --- context ---

void Drain::read_context(ThreadContext& context, queue::RecordReader record) {
  if (record.kind() == queue::RecordKind::kContextEnd) return context.end(record.id());
  const auto depth = static_cast<std::uint32_t>(record.number());
  context.begin(depth, context_reader_.read_context(record));
}

void Drain::take_process_contexts() noexcept {
  try {
    runtime_.take_process_contexts(process_contexts_seen_, process_contexts_);
  } catch (const std::bad_alloc&) {  // the next run of records tries again
    diagnose("context.failed", "a new process context is not known yet: out of memory");
  }
}

// Those that ended before the last pass. What is unread was recorded in this one, or before by what
// it takes to record it.
void Drain::forget_process_contexts(std::uint64_t pass_begin) {
  const std::uint64_t last_pass = std::exchange(last_pass_, pass_begin);
  auto keep = process_contexts_.begin();
  while (process_contexts_.end() - keep > 2 && std::next(keep)->ticks < last_pass) ++keep;
  process_contexts_.erase(process_contexts_.begin(), keep);
}

// Without memory, none: the event is whole.
EventContextPtr Drain::context_of(queue::ThreadSlot& slot, queue::QueueKind queue,
                                  std::uint64_t ticks) {
  if (carried_.empty() && process_contexts_.empty()) return nullptr;
  EventContextPtr process;
  for (auto set = process_contexts_.rbegin(); set != process_contexts_.rend(); ++set) {
    // Times of other processors may differ by a little.
    if (set->ticks > ticks && std::next(set) != process_contexts_.rend()) continue;
    if (set->ticks <= ticks) process = set->context;
    break;
  }
  const auto found = carried_.find(slot.state.uid);
  if (found == carried_.end()) return process;
  try {
    return found->second.of[index(queue)].get(process);
  } catch (const std::bad_alloc&) {
    runtime_.count_lost_properties();
    return process;
  }
}

EventContextPtr Drain::origin_of(queue::ThreadSlot& slot, const EventContextPtr& context) {
  Carried& carried = carried_[slot.state.uid];
  if (carried.thread == nullptr) {
    auto thread = std::make_shared<EventContext>();
    thread->properties.emplace_back("thread.id", std::to_string(slot.thread_id));
    if (std::string name = runtime_.thread_name(slot); !name.empty()) {
      thread->properties.emplace_back("thread.name", std::move(name));
    }
    carried.thread = std::move(thread);
  }
  if (context == nullptr) return carried.thread;
  if (context != carried.origin_base) {
    const EventContextPtr both[] = {context, carried.thread};
    carried.origin = merge_contexts(both);
    carried.origin_base = context;
  }
  return carried.origin;
}

// Reads a thread's spans, and gives the logs that were read before them the span that they were
// recorded in: one that began before a log was committed before it, and is read behind it. Returns
// whether all spans have been read.
bool Drain::read_spans_of_logs(queue::ThreadSlot& slot) {
  bool all = false;
  bool sure = false;
  // Again for a thread that fills segments as fast as they are read, and for logs that were read
  // while the spans were.
  for (int i = 0; i <= kMoreTries && !sure; ++i) {
    read_logs_before_ = false;
    all = read_span_queue(slot);
    if (unnamed_.empty()) return all;
    sure = all && !read_logs_before_;
  }
  SpanHistory& spans = carried_[slot.state.uid].spans;
  name_logs(spans, sure ? std::numeric_limits<std::uint64_t>::max() : spans.last_time());
  leave_unnamed();
  return all;
}

void Drain::leave_unnamed() noexcept {
  for (; !unnamed_.empty(); unnamed_.pop_back()) runtime_.count_lost_properties();
}

// Those of unnamed_ at or before a time.
void Drain::name_logs(const SpanHistory& spans, std::uint64_t until) {
  std::erase_if(unnamed_, [&](const Unnamed& log) {
    if (log.ticks > until) return false;
    name_log(spans, log);
    return true;
  });
}

void Drain::name_log(const SpanHistory& spans, const Unnamed& log) {
  const SpanHistory::Span* span = spans.at(log.ticks);
  if (span == nullptr && spans.has_forgotten()) runtime_.count_lost_properties();
  if (span == nullptr || span->id == 0) return;
  const queue::Descriptor* site = runtime_.catalogue().find(span->id);
  const bool named = site == nullptr || site->span.name.empty();
  try {
    logs_.replace_context(log.offset, span_names_.get(log.context, "span.name",
                                                      named ? span->name : site->span.name));
  } catch (const std::bad_alloc&) {
    runtime_.count_lost_properties();
  }
}

// Makes room in the history for a change at this time. The logs before it have been committed: once
// they are named, nobody asks for what was before it.
void Drain::read_logs_before(queue::ThreadSlot& slot, SpanHistory& spans, std::uint64_t ticks) {
  name_logs(spans, ticks);
  bool all = false;
  for (std::size_t blocks = 0; !all && unnamed_.empty() && !outruns(blocks); ++blocks) {
    read_logs_before_ = true;
    bool full = false;
    all = read_event_queue(slot, &full);
    name_logs(spans, ticks);
    cut_full_events();
  }
  // One that is left is behind this time, and so is what is unread.
  if (all || !unnamed_.empty()) spans.forget_before(ticks);
}

void Drain::note_span(queue::ThreadSlot& slot, const ThreadStreamState& stream,
                      std::uint64_t ticks) {
  SpanHistory::Span innermost;
  try {
    if (stream.has_open_span()) {
      innermost.id = stream.open_span_id();
      innermost.name = stream.open_span_name().value_or(std::string_view());
    }
    SpanHistory& spans = carried_[slot.state.uid].spans;
    if (spans.full()) read_logs_before(slot, spans, ticks);
    spans.add(ticks, std::move(innermost));
  } catch (const std::bad_alloc&) {
    runtime_.count_lost_properties();
  }
}

// --- spans ---

void Drain::read_spans(queue::ThreadSlot& slot, const std::byte* records, std::size_t bytes) {
  take_process_contexts();
  ThreadStreamState* stream = nullptr;
  const bool plain = !options_.log_origin && process_contexts_.empty();
  while (bytes > 0) {
    if (plain && stream != nullptr && carried_.find(slot.state.uid) == carried_.end()) {
      const std::size_t added = stream->add_plain(records, bytes, model_);
      runtime_.count_read(EventKind::kSpan, added);
      records += added * queue::kRecordHeaderBytes;
      bytes -= added * queue::kRecordHeaderBytes;
      if (bytes == 0) break;
    }
    const queue::RecordReader record(records, bytes);
    if (!record.ok()) {
      diagnose("queue.damaged", "a queue holds a damaged record; the rest of its segment is lost");
      return;
    }
    if (record.kind() == queue::RecordKind::kContextBegin ||
        record.kind() == queue::RecordKind::kContextEnd) {
      try {
        read_context(carried_[slot.state.uid].of[index(queue::QueueKind::kSpans)], record);
      } catch (const std::bad_alloc&) {
        runtime_.count_lost_properties();
      }
      records += record.bytes();
      bytes -= record.bytes();
      continue;
    }
    const bool timed = queue::is_event(record.kind());
    std::int64_t time = 0;
    if (timed) {
      time = (record.flags() & queue::kNanoseconds) != 0 ? static_cast<std::int64_t>(record.time())
                                                         : model_.to_ns(record.time());
    }
    ThreadStreamState::Bounds bounds = ThreadStreamState::kNoBounds;
    if (queue::is_track(slot)) {
      bounds = {process_->start_time - kBeforeStart, now() + kAhead};
      if (timed && !bounds.have(time)) say_wrong_time();
    }
    if (stream == nullptr) {
      // A time that will be refused is no beginning.
      stream = thread_stream(slot, timed, bounds.have(time) ? time : process_->start_time);
    }
    if (stream == nullptr) {  // properties of a span of an earlier session
      runtime_.count_lost_properties();
      records += record.bytes();
      bytes -= record.bytes();
      continue;
    }
    if (timed) runtime_.count_read(queue::event_kind(record.kind()));
    const ThreadStreamState::Added added = stream->add(
        record, records, time, context_of(slot, queue::QueueKind::kSpans, record.time()), bounds);
    if (timed && options_.log_origin && queue::event_kind(record.kind()) == EventKind::kSpan) {
      note_span(slot, *stream, record.time());
    }
    invented_ += added.invented;
    if (added.dropped) drop(queue::event_kind(record.kind()), *added.dropped);
    if (added.lost_properties) runtime_.count_lost_properties();
    records += record.bytes();
    bytes -= record.bytes();
    cut_full_thread(*stream);
  }
  if (stream != nullptr) cut_full_thread(*stream);
}

void Drain::say_wrong_time() noexcept {
  if (std::exchange(said_wrong_time_, true)) return;
  diagnose("track.time",
           "a track was given a time of more than an hour before the start or a minute ahead of "
           "now: nanoseconds since the epoch are wanted, as micromegas::now() gives them");
}

// As cut_full_events().
void Drain::cut_full_thread(ThreadStreamState& stream) noexcept {
  try {
    if (stream.builder().full(options_.thread_block_bytes)) cut_thread(stream);
  } catch (...) {
    diagnose("flush.failed", "a block could not be cut: out of memory");
  }
}

void Drain::drop(EventKind kind, DropReason reason) noexcept {
  ++dropped_[index(kind)][static_cast<std::size_t>(reason)];
}

ThreadStreamState* Drain::thread_stream(queue::ThreadSlot& slot, bool may_make,
                                        std::int64_t first_time) {
  const auto found = threads_.find(slot.state.uid);
  if (found != threads_.end()) return found->second.get();
  if (!may_make) return nullptr;
  auto info = make_stream<ThreadStream>(process_->process_id, StreamKind::kThread);
  info.properties["thread-id"] = std::to_string(slot.thread_id);
  if (std::string name = runtime_.thread_name(slot); !name.empty()) {
    info.properties["thread-name"] = std::move(name);
  }
  if (const Redactor* const redactor = current_redactor()) {
    for (auto& [name, value] : info.properties) {
      if (std::optional<std::string> other = redacted(*redactor, name, value)) {
        value = *std::move(other);
      }
    }
  }
  auto stream = std::make_unique<ThreadStreamState>(info, first_time, queue::is_track(slot));
  stream->thread_id = slot.thread_id;
  return threads_.emplace(slot.state.uid, std::move(stream)).first->second.get();
}

void Drain::finish_thread(queue::ThreadSlot* slot) {
  if (const auto found = threads_.find(slot->state.uid); found != threads_.end()) {
    ThreadStreamState& stream = *found->second;
    // dispatch::unregister_thread_stream() inside a span: its end goes nowhere.
    invented_ += stream.end_open_spans(now());
    if (!stream.builder().empty()) cut_thread(stream);
    stream.stream->ended = true;
    if (stream.stream->held == 0) end_stream(*stream.stream);
    threads_.erase(found);
  }
  carried_.erase(slot->state.uid);
  runtime_.release(slot);
}

// --- live lines ---

void Drain::note_live(const queue::RecordReader& record, std::int64_t time, std::uint32_t offset) {
  try {
    if (wants_live(record)) live_.push_back({time, offset});
  } catch (const std::bad_alloc&) {  // the line is not shown; the event goes into its block
    diagnose("live.failed", "a live line was left out: out of memory");
  }
}

bool Drain::wants_live(const queue::RecordReader& record) {
  const std::uint32_t generation = micromegas_v0_hot_page.enabled.load(std::memory_order_relaxed);
  if (generation != live_generation_) {
    live_generation_ = generation;
    live_wanted_.clear();
  }
  if (record.id() == 0) return true;  // decided when it is shown
  if (record.id() >= live_wanted_.size()) live_wanted_.resize(record.id() + 64);
  std::uint8_t& wanted = live_wanted_[record.id()];
  if (wanted == 0) {
    const queue::Descriptor* descriptor = runtime_.catalogue().find(record.id());
    bool answer = false;
    if (descriptor != nullptr) {
      guarded("on_log_enabled", [&] { answer = sink_->on_log_enabled(descriptor->log); });
    }
    wanted = answer ? 2 : 1;
  }
  return wanted == 2;
}

void Drain::show_live() {
  std::stable_sort(live_.begin(), live_.end(),
                   [](const Live& a, const Live& b) { return a.time < b.time; });
  for (const Live& live : live_) {
    guarded("on_log", [&] {
      queue::RecordReader record(logs_.record(live.offset), logs_.record_bytes() - live.offset);
      const LogEvent event = live_reader_.read_log(record);
      if (event.metadata != nullptr) {
        sink_->on_log(*event.metadata, event.properties, event.time, event.text);
        return;
      }
      const LogMetadata metadata{.level = event.level, .target = event.target};
      if (sink_->on_log_enabled(metadata)) {
        sink_->on_log(metadata, event.properties, event.time, event.text);
      }
    });
  }
  live_.clear();
}

// --- cutting ---

template <class Builder>
bool Drain::due(const Builder& builder, std::size_t limit, std::int64_t at,
                std::chrono::nanoseconds period) const {
  if (builder.empty()) return false;
  if (builder.full(limit)) return true;
  const std::int64_t age = at - builder.first_time();
  return age >= period.count() ||
         (builder.blocks() == 0 && age >= std::min<std::int64_t>(kFirstBlockAfter, period.count()));
}

void Drain::cut_due(bool everything) {
  const std::int64_t at = now();
  const std::chrono::nanoseconds period = options_.period;
  const bool sampled = runtime_.sample_windows().mode() == SpanSampling::kWindows;
  const std::chrono::nanoseconds span_period =
      sampled ? std::min<std::chrono::nanoseconds>(period, kSampledPeriod) : period;
  const auto wanted = [&](const auto& builder, std::size_t limit,
                          std::chrono::nanoseconds longest) {
    return everything ? !builder.empty() : due(builder, limit, at, longest);
  };
  if (wanted(logs_, options_.log_block_bytes, period)) cut_logs();
  if (wanted(metrics_, options_.metrics_block_bytes, period)) cut_metrics();
  for (auto& [uid, stream] : threads_) {
    if (wanted(stream->builder(), options_.thread_block_bytes, span_period)) cut_thread(*stream);
  }
  if (wanted(images_, options_.image_block_bytes, period)) cut_images();
}

void Drain::cut_full_logs() {
  if (!logs_.full(options_.log_block_bytes)) return;
  show_live();
  cut_logs();
}

void Drain::cut_logs() {
  BlockBuilder::Cut cut = logs_.cut(now());
  hand_over(cut.kinds, [&] {
    sink_->on_process_log_block(
        std::make_shared<const LogBlock>(cut.header, std::move(cut.records)));
  });
}

void Drain::cut_metrics() {
  BlockBuilder::Cut cut = metrics_.cut(now());
  const auto integers = static_cast<std::int32_t>(cut.kinds[index(EventKind::kIntegerMetric)]);
  hand_over(cut.kinds, [&] {
    sink_->on_process_metrics_block(
        std::make_shared<const MetricsBlock>(cut.header, std::move(cut.records), integers));
  });
}

void Drain::cut_thread(ThreadStreamState& stream) {
  SampleHold::Block held;
  held.stream = stream.stream;
  held.begin = stream.builder().first_time();
  BlockBuilder::Cut cut = stream.builder().cut(0);
  held.kinds = cut.kinds;
  held.end = cut.header.end_time;
  held.held_since = std::min(held.end, now());
  try {
    const auto asyncs = static_cast<std::int32_t>(cut.kinds[index(EventKind::kAsyncSpan)]);
    held.block = std::make_shared<const ThreadBlock>(cut.header, std::move(cut.records), asyncs);
    captures_.add_thread_block(stream.info(), stream.thread_id, held.block);
    samples_.add(std::move(held));
  } catch (const std::bad_alloc&) {
    for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
      dropped_[kind][static_cast<std::size_t>(DropReason::kQueueFull)] += cut.kinds[kind];
    }
    return;
  }
  decide_samples(false);
}

// `now_or_never`: what no window has chosen is out.
void Drain::decide_samples(bool now_or_never) {
  queue::SampleWindows& windows = runtime_.sample_windows();
  const bool all = windows.mode() == SpanSampling::kAll;
  if (all && samples_.empty()) return;
  const std::int64_t too_late = now() - std::chrono::nanoseconds(options_.sample_hold).count();
  samples_.decide(
      now_or_never ? std::numeric_limits<std::int64_t>::max() : too_late,
      options_.sample_hold_bytes,
      [&](const SampleHold::Block& block) {
        return all || windows.overlap(block.begin, block.end);
      },
      [&](SampleHold::Block& block, bool wanted) { give_spans(block, wanted); });
}

// Those that no block can overlap any more. After all cuts of a tick.
void Drain::forget_windows() {
  queue::SampleWindows& windows = runtime_.sample_windows();
  if (windows.mode() == SpanSampling::kAll && samples_.empty()) return;
  // What is still in a queue is not older.
  std::int64_t oldest =
      now() - std::chrono::nanoseconds(2 * options_.sample_hold + kSampledPeriod * 5).count();
  oldest = std::min(oldest, samples_.oldest());
  for (auto& [uid, stream] : threads_) {
    if (!stream->builder().empty()) oldest = std::min(oldest, stream->builder().first_time());
  }
  windows.forget_before(oldest);
}

void Drain::give_spans(SampleHold::Block& block, bool wanted) {
  SampledStream& stream = *block.stream;
  if (wanted) {
    if (!stream.announced) {
      stream.announced = true;
      guarded("on_init_thread_stream", [&] { sink_->on_init_thread_stream(stream.info); });
    }
    hand_over(block.kinds, [&] { sink_->on_process_thread_block(std::move(block.block)); });
  } else {
    for (std::size_t kind = 0; kind < kEventKinds; ++kind) sampled_out_[kind] += block.kinds[kind];
  }
  if (stream.ended && stream.held == 0) end_stream(stream);
}

void Drain::end_stream(const SampledStream& stream) {
  if (!stream.announced) return;
  guarded("on_end_thread_stream", [&] { sink_->on_end_thread_stream(stream.info); });
}

void Drain::cut_images() {
  if (!images_.announced) {
    images_.announced = true;
    guarded("on_init_image_stream", [&] { sink_->on_init_image_stream(images_.info()); });
  }
  Kinds kinds{};
  kinds[index(EventKind::kImage)] = static_cast<std::uint32_t>(images_.count());
  const std::size_t bytes = images_.bytes();
  std::shared_ptr<const ImageBlock> block = images_.cut(now());
  hand_over(kinds, [&] { sink_->on_process_image_block(std::move(block)); });
  runtime_.images().release(bytes);
}

// --- asked by others ---

void Drain::add_stats(EventStats& stats) const {
  const auto add_builder = [&](const BlockBuilder& builder) {
    for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
      stats[kind].held += builder.counts()[kind];
    }
  };
  add_builder(logs_);
  add_builder(metrics_);
  stats[index(EventKind::kImage)].held += images_.count();
  stats[index(EventKind::kAsyncSpan)].held += late_ends_.count;
  for (const auto& [uid, stream] : threads_) add_builder(stream->builder());
  samples_.add_held(stats);
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    stats[kind].recorded += aggregated_[kind];
    stats[kind].sampled_out += sampled_out_[kind];
    stats[kind].delivered += handed_[kind];
    for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
      stats[kind].dropped[reason] += dropped_[kind][reason];
    }
  }
  stats[index(EventKind::kSpan)].recorded += invented_;
}

void Drain::thread_streams(std::vector<ThreadStream>& out) const {
  for (const auto& [uid, stream] : threads_) out.push_back(stream->info());
}

}  // namespace micromegas::pipeline
