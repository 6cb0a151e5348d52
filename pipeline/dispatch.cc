// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/dispatch.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "micromegas/pipeline/flush/session.h"
#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/pipeline/instrument/run_time_properties.h"
#include "micromegas/pipeline/instrument/values.h"
#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/process.h"

namespace micromegas::dispatch {
namespace {

using detail::TextRef;
using queue::QueueKind;
using queue::RecordKind;
using queue::Writer;
using std::chrono::steady_clock;

using detail::PropertiesOf;
using detail::RunTimeProperties;
using Pairs = std::span<const Property>;

constexpr std::size_t kMinBuffer = 128;
constexpr std::size_t kMaxText = queue::kMaxRecordBytes - 2048;  // leaves room for a target
constexpr std::size_t kMaxPairs = 28 * 1024;
constexpr std::size_t kMaxSpanPairs = detail::kMaxSpanRecordBytes - 2048;
constexpr auto kShutdownWait = std::chrono::seconds(5);
constexpr auto kFlushWait = std::chrono::seconds(1);

TextRef cut_text(std::string_view text, std::size_t limit) {
  TextRef value{text.data(), text.size()};
  value.cut(static_cast<std::uint32_t>(limit));
  return value;
}

// What an event has beside itself: a set in front of its values, pairs behind them.
class Tags {
 public:
  explicit Tags(const PropertySet* set = nullptr) : set_(set) {}
  Tags(const PropertySet* set, Pairs pairs, PropertiesOf event)
      : set_(set != nullptr && !set->properties().empty() ? set : nullptr) {
    if (pairs.empty()) return;
    pairs_.emplace(pairs, event, event == PropertiesOf::kSpan ? kMaxSpanPairs : kMaxPairs);
    for (std::size_t i = 0; i < pairs_->cut(); ++i) micromegas_v0_count_cut();
    if (pairs_->refused() == 0) return;
    if (queue::Runtime::get().count_refused_properties(pairs_->refused())) {
      diagnose("properties.refused",
               "properties given at run time are left out: a name is empty, too long, twice there, "
               "or one that the server reads otherwise, or there are more than 64");
    }
  }

  [[nodiscard]] bool empty() const { return set_ == nullptr && pair_bytes() == 0; }
  [[nodiscard]] std::uint8_t flags() const {
    return set_ != nullptr ? queue::kHasPropertySet : queue::kNoFlags;
  }
  [[nodiscard]] std::size_t pair_bytes() const { return pairs_ ? pairs_->bytes() : 0; }
  [[nodiscard]] std::size_t bytes() const { return (set_ != nullptr ? 8 : 0) + pair_bytes(); }
  void write_set(queue::RecordWriter& w) const {
    if (set_ != nullptr) w.number(set_->id());
  }
  void write_pairs(queue::RecordWriter& w) const {
    if (!pairs_) return;
    for (const Property& pair : pairs_->get()) {
      TextRef{pair.name.data(), pair.name.size()}.write(w);
      TextRef{pair.value.data(), pair.value.size()}.write(w);
    }
  }

 private:
  const PropertySet* set_;
  std::optional<RunTimeProperties> pairs_;
};

std::uint32_t log_id(const LogMetadata& metadata) {
  std::uint32_t id = queue::site_id(metadata.word);
  // The text is given with each event, so the entry is one without arguments.
  if (id == 0) id = micromegas_v0_register_log(&metadata, &detail::kArgList<>);
  if (id == 0) micromegas_v0_drop(EventKind::kLog, DropReason::kInvalid, 1);
  return id;
}

void write_text(const LogMetadata& metadata, const Tags& tags, std::string_view text) {
  const std::uint32_t id = log_id(metadata);
  if (id == 0) return;
  const TextRef value = cut_text(text, kMaxText - tags.pair_bytes());
  Writer w(QueueKind::kEvents,
           static_cast<std::uint32_t>(queue::kRecordHeaderBytes + tags.bytes() + value.bytes()),
           EventKind::kLog);
  if (!w) return;
  w.header(id, RecordKind::kLogText, tags.flags());
  tags.write_set(w);
  value.write(w);
  tags.write_pairs(w);
  w.publish();
}

void write_interop(const LogMetadata& metadata, Pairs properties, std::string_view text) {
  if (!queue::Runtime::get().log_enabled(metadata.level, metadata.target)) return;
  const Tags tags(nullptr, properties, PropertiesOf::kLog);
  const TextRef target = cut_text(metadata.target, detail::kMaxNameBytes);
  const TextRef value = cut_text(text, kMaxText - tags.pair_bytes());
  Writer w(QueueKind::kEvents,
           static_cast<std::uint32_t>(queue::kRecordHeaderBytes + 8 + target.bytes() +
                                      value.bytes() + tags.bytes()),
           EventKind::kLog);
  if (!w) return;
  w.header(0, RecordKind::kLogInterop, queue::kNoFlags);
  w.number(static_cast<std::uint64_t>(metadata.level));
  target.write(w);
  value.write(w);
  tags.write_pairs(w);
  w.publish();
}

void write_metric(const StaticMetricMetadata& metadata, const Tags& tags, std::uint64_t bits,
                  RecordKind record, EventKind kind, const detail::Names* names = nullptr) {
  const std::uint32_t id = detail::metric_id(metadata, kind);
  if (id == 0) return;
  const std::size_t bytes =
      queue::kRecordHeaderBytes + 8 + tags.bytes() + (names != nullptr ? names->bytes() : 0);
  Writer w(QueueKind::kEvents, static_cast<std::uint32_t>(bytes), kind);
  if (!w) return;
  w.header(id, record, tags.flags());
  tags.write_set(w);
  w.number(bits);
  if (names != nullptr) names->write(w);
  tags.write_pairs(w);
  w.publish();
}

// Of a scope that comes before the thread's first event nothing but their number is noted.
template <class Begin>
void begin_scope(const SpanLocation& location, Begin begin) {
  ++micromegas_v0_open_scopes;
  queue::ThreadSlot* slot = queue::Runtime::registered_thread();
  bool recorded = false;
  if (queue::enabled(location)) {
    if (slot != nullptr && slot->scopes.full()) {
      micromegas_v0_drop(EventKind::kSpan, DropReason::kInvalid, 2);
    } else {
      recorded = begin();
      slot = queue::Runtime::registered_thread();
    }
  }
  if (slot == nullptr) return;
  slot->scopes.own(queue::open_owner(queue::open_spans()));
  slot->scopes.push(recorded);
}

// For the innermost open span: pairs that no call site knows.
void write_span_properties(std::uint32_t span, std::uint64_t open, const Tags& tags) {
  if (tags.empty()) return;
  const std::uint32_t depth = queue::open_count(open);
  const auto bytes = static_cast<std::uint32_t>(queue::kRecordHeaderBytes + 8 + tags.bytes());
  Writer w(QueueKind::kSpans, bytes, EventKind::kSpan, depth * queue::kSpanEndBytes, 0);
  if (!w) return micromegas_v0_count_lost_properties();
  w.header_untimed(0, RecordKind::kSpanProperties, tags.flags(), bytes);
  tags.write_set(w);
  w.number(span | (std::uint64_t{depth} << 32));
  tags.write_pairs(w);
  w.publish_uncounted();
}

void end_scope(const SpanLocation& location, RecordKind kind, const PropertySet* set = nullptr,
               Pairs pairs = {}) {
  if (micromegas_v0_open_scopes == 0) {
    if (detail::records_anything()) micromegas_v0_drop(EventKind::kSpan, DropReason::kInvalid, 1);
    return;
  }
  --micromegas_v0_open_scopes;
  queue::ThreadSlot* slot = queue::Runtime::registered_thread();
  if (slot == nullptr) return;
  const std::uint64_t open = queue::open_spans();
  slot->scopes.own(queue::open_owner(open));
  if (!slot->scopes.pop() || queue::open_count(open) == 0) return;
  const std::uint32_t id = queue::site_id(location.word);
  write_span_properties(id, open, Tags(set, pairs, PropertiesOf::kSpan));
  detail::end_span(id, kind, open);
}

// --- asynchronous spans ---

// In the id of a span of which nothing is recorded: its end is not either, and nothing is missing.
// Ids stay such that a double holds them.
constexpr std::uint64_t kNotRecorded = std::uint64_t{1} << 52;

std::uint32_t site_of(const SpanMetadata& metadata) {
  const std::uint32_t id = queue::site_id(metadata.location.word);
  return id != 0 ? id : micromegas_v0_register_span(&metadata, &detail::kArgList<>);
}
std::uint32_t site_of(const SpanLocation& location) {
  const std::uint32_t id = queue::site_id(location.word);
  return id != 0 ? id : micromegas_v0_register_location(&location, &detail::kArgList<>);
}
const SpanLocation& location_of(const SpanMetadata& metadata) { return metadata.location; }
const SpanLocation& location_of(const SpanLocation& location) { return location; }

// Behind the header of a begin and of an end.
struct AsyncFields {
  static constexpr std::uint32_t kBytes = queue::kRecordHeaderBytes + 24;

  std::uint64_t span_id;
  std::uint64_t parent;
  std::uint32_t depth;

  void write(queue::RecordWriter& w) const {
    w.number(span_id);
    w.number(parent);
    w.number(depth);
  }
};

std::uint32_t span_ends_bytes() {
  return queue::open_count(queue::open_spans()) * queue::kSpanEndBytes;
}

// False: it is not recorded, and counted with its end.
template <class Site>
bool write_async_begin(const Site& metadata, RecordKind kind, const AsyncFields& fields,
                       const TextRef* name) {
  const std::uint32_t site = site_of(metadata);
  if (site == 0) {
    micromegas_v0_drop(EventKind::kAsyncSpan, DropReason::kInvalid, 2);
    return false;
  }
  queue::OpenAsyncSpans& open = queue::Runtime::get().open_async_spans();
  const std::uint32_t session = micromegas_v0_session.load(std::memory_order_relaxed);
  if (const auto reason = open.add(fields.span_id, session)) {
    micromegas_v0_drop(EventKind::kAsyncSpan, *reason, 2);
    static_assert(queue::OpenAsyncSpans::kMax == 65536);
    diagnose(
        "async_spans.full",
        "asynchronous spans of dispatch.h or the C library are dropped: 65536 are open; do all "
        "of them end?");
    return false;
  }
  const std::size_t bytes = AsyncFields::kBytes + (name != nullptr ? name->bytes() : 0);
  Writer w(QueueKind::kSpans, static_cast<std::uint32_t>(bytes), EventKind::kAsyncSpan,
           span_ends_bytes(), 2);
  if (!w) {
    open.remove(fields.span_id, session);
    return false;
  }
  w.header(site, kind, queue::kNoFlags);
  fields.write(w);
  if (name != nullptr) name->write(w);
  w.publish();
  return true;
}

template <class Site>
std::uint64_t begin_async(const Site& metadata, RecordKind kind, std::uint64_t parent,
                          std::uint32_t depth, const std::string_view* name = nullptr) {
  const std::uint64_t span_id = queue::take_span_id();
  if (!queue::enabled(location_of(metadata))) return span_id | kNotRecorded;
  TextRef text{nullptr, 0};
  if (name != nullptr) text = cut_text(*name, detail::kMaxNameBytes);
  const bool recorded = write_async_begin(metadata, kind, {span_id, parent, depth},
                                          name != nullptr ? &text : nullptr);
  return recorded ? span_id : span_id | kNotRecorded;
}

// What follows an end's fields.
class AsyncRest {
 public:
  AsyncRest(const TextRef* name, const Tags& tags)
      : name_(name),
        tags_(tags),
        name_bytes_(name != nullptr ? static_cast<std::uint32_t>(name->bytes()) : 0),
        tag_bytes_(tags.empty()
                       ? 0
                       : static_cast<std::uint32_t>(queue::kRecordHeaderBytes + tags.bytes())) {}

  [[nodiscard]] std::uint32_t bytes() const { return name_bytes_ + tag_bytes_; }
  [[nodiscard]] std::uint32_t name_bytes() const { return name_bytes_; }
  void write_name(queue::RecordWriter& w) const {
    if (name_ != nullptr) name_->write(w);
  }
  void write_tags(queue::RecordWriter& w) const {
    if (tag_bytes_ == 0) return;
    w.header_untimed(0, RecordKind::kProperties, tags_.flags(), tag_bytes_);
    tags_.write_set(w);
    tags_.write_pairs(w);
  }

 private:
  const TextRef* name_;
  const Tags& tags_;
  std::uint32_t name_bytes_;
  std::uint32_t tag_bytes_;
};

// Without memory the end goes without its properties.
MICROMEGAS_COLD void end_async_without_room(std::uint32_t site, RecordKind kind,
                                            const AsyncFields& fields, const AsyncRest& rest) {
  alignas(8) std::byte few[2048];
  static_assert(sizeof few > detail::kMaxNameBytes + 8);
  std::unique_ptr<std::byte[]> many;
  std::byte* at = few;
  std::uint32_t bytes = rest.bytes();
  if (bytes > sizeof few) {
    many.reset(new (std::nothrow) std::byte[bytes]);
    if (many != nullptr) {
      at = many.get();
    } else {
      bytes = rest.name_bytes();
      micromegas_v0_count_lost_properties();
    }
  }
  queue::RecordWriter w(at);
  rest.write_name(w);
  if (bytes > rest.name_bytes()) rest.write_tags(w);
  std::uint64_t head[] = {
      queue::header_word(site, kind, queue::kNoFlags, AsyncFields::kBytes + bytes), 0,
      fields.span_id, fields.parent, fields.depth};
  micromegas_v0_async_end_without_room(&head, at, bytes, bytes > rest.name_bytes());
}

// Whether an end of this one is to be recorded. One that no begin stands for is counted.
bool takes_async_end(std::uint64_t span_id) {
  if ((span_id & kNotRecorded) != 0) return false;
  queue::Runtime& runtime = queue::Runtime::get();
  const std::uint32_t session = micromegas_v0_session.load(std::memory_order_relaxed);
  const auto removed = runtime.open_async_spans().remove(span_id, session);
  if (removed == queue::OpenAsyncSpans::Removed::kUnknown && runtime.running()) {
    micromegas_v0_drop(EventKind::kAsyncSpan, DropReason::kInvalid, 1);
  }
  return removed == queue::OpenAsyncSpans::Removed::kOpen;
}

// No filter is asked: what has begun ends.
template <class Site>
void end_async(const Site& metadata, RecordKind kind, const AsyncFields& fields,
               const std::string_view* name = nullptr, const PropertySet* set = nullptr,
               Pairs properties = {}) {
  if (!takes_async_end(fields.span_id)) return;
  const std::uint32_t site = site_of(metadata);
  if (site == 0) return micromegas_v0_drop(EventKind::kAsyncSpan, DropReason::kInvalid, 1);
  TextRef text{nullptr, 0};
  if (name != nullptr) text = cut_text(*name, detail::kMaxNameBytes);
  const Tags tags(set, properties, PropertiesOf::kSpan);
  const AsyncRest rest(name != nullptr ? &text : nullptr, tags);
  Writer w(QueueKind::kSpans, AsyncFields::kBytes + rest.bytes(), EventKind::kAsyncSpan,
           Writer::IfRoom(), span_ends_bytes());
  if (!w) return end_async_without_room(site, kind, fields, rest);
  w.header(site, kind, queue::kNoFlags);
  fields.write(w);
  rest.write_name(w);
  rest.write_tags(w);
  w.publish();
}

void hand_over() { pipeline::hand_over_session(steady_clock::now() + kFlushWait); }

}  // namespace

// --- life ---

Result<void> init_event_dispatch(std::size_t logs_buffer_size, std::size_t metrics_buffer_size,
                                 std::size_t threads_buffer_size, std::shared_ptr<EventSink> sink,
                                 PropertyMap process_properties, bool cpu_tracing_enabled) {
  if (sink == nullptr) return Error("init_event_dispatch: sink is null: pass an EventSink");
  const std::pair<const char*, std::size_t> sizes[] = {
      {"logs_buffer_size", logs_buffer_size},
      {"metrics_buffer_size", metrics_buffer_size},
      {"threads_buffer_size", threads_buffer_size}};
  for (const auto& [name, size] : sizes) {
    if (size < kMinBuffer) {
      return Error("init_event_dispatch: " + std::string(name) + " is " + std::to_string(size) +
                   " bytes: the least is 128");
    }
  }
  pipeline::SessionOptions options;
  options.sink = std::move(sink);
  options.process = make_process_info(Uuid::random(), std::nullopt, std::move(process_properties));
  options.filters.log = LevelFilter::kTrace;
  options.filters.spans = cpu_tracing_enabled;
  options.flush.log_block_bytes = logs_buffer_size;
  options.flush.metrics_block_bytes = metrics_buffer_size;
  options.flush.thread_block_bytes = threads_buffer_size;
  const Result<pipeline::SessionId> started = pipeline::start_session(std::move(options));
  if (!started) return started.error();
  return {};
}

void shutdown_dispatch() { pipeline::stop_session(0, steady_clock::now() + kShutdownWait); }

void force_uninit() { shutdown_dispatch(); }

// --- logs ---

void log(const LogMetadata& metadata, std::string_view text) {
  if (queue::enabled(metadata)) write_text(metadata, Tags(), text);
}

void log_tagged(const LogMetadata& metadata, const PropertySet& properties, std::string_view text) {
  if (queue::enabled(metadata)) write_text(metadata, Tags(&properties), text);
}

void log_interop(const LogMetadata& metadata, std::string_view text) {
  write_interop(metadata, {}, text);
}

bool log_enabled(const LogMetadata& metadata) { return queue::enabled(metadata); }

void log_dyn_tagged(const LogMetadata& metadata, const PropertySet& set, Pairs properties,
                    std::string_view text) {
  if (!queue::enabled(metadata)) return;
  write_text(metadata, Tags(&set, properties, PropertiesOf::kLog), text);
}

void log_interop_dyn_tagged(const LogMetadata& metadata, Pairs properties, std::string_view text) {
  write_interop(metadata, properties, text);
}

std::optional<EnabledLogSink> enabled_log_sink(const LogMetadata& metadata) {
  if (!queue::enabled(metadata)) return std::nullopt;
  return EnabledLogSink();
}

void log_dyn_tagged_enabled(EnabledLogSink /*sink*/, const LogMetadata& metadata,
                            const PropertySet& set, Pairs properties, std::string_view text) {
  write_text(metadata, Tags(&set, properties, PropertiesOf::kLog), text);
}

// --- metrics ---

void int_metric(const StaticMetricMetadata& metadata, std::uint64_t value) {
  if (queue::enabled(metadata)) detail::IntegerMetric{metadata, value};
}

void float_metric(const StaticMetricMetadata& metadata, double value) {
  if (queue::enabled(metadata)) detail::FloatMetric{metadata, value};
}

void tagged_integer_metric(const StaticMetricMetadata& metadata, const PropertySet& properties,
                           std::uint64_t value) {
  tagged_integer_metric_dyn(metadata, properties, {}, value);
}

void tagged_float_metric(const StaticMetricMetadata& metadata, const PropertySet& properties,
                         double value) {
  tagged_float_metric_dyn(metadata, properties, {}, value);
}

void tagged_integer_metric_dyn(const StaticMetricMetadata& metadata, const PropertySet& set,
                               Pairs properties, std::uint64_t value) {
  if (!queue::enabled(metadata)) return;
  write_metric(metadata, Tags(&set, properties, PropertiesOf::kMetric), value,
               RecordKind::kIntegerMetric, EventKind::kIntegerMetric);
}

void tagged_float_metric_dyn(const StaticMetricMetadata& metadata, const PropertySet& set,
                             Pairs properties, double value) {
  if (!queue::enabled(metadata)) return;
  write_metric(metadata, Tags(&set, properties, PropertiesOf::kMetric), detail::bits_of(value),
               RecordKind::kFloatMetric, EventKind::kFloatMetric);
}

void named_integer_metric(const StaticMetricMetadata& metadata, std::string_view name,
                          std::string_view unit, const PropertySet& set, Pairs properties,
                          std::uint64_t value) {
  if (!queue::enabled(metadata)) return;
  const detail::Names names(name, unit);
  write_metric(metadata, Tags(&set, properties, PropertiesOf::kMetric), value,
               RecordKind::kIntegerMetricDyn, EventKind::kIntegerMetric, &names);
}

void named_float_metric(const StaticMetricMetadata& metadata, std::string_view name,
                        std::string_view unit, const PropertySet& set, Pairs properties,
                        double value) {
  if (!queue::enabled(metadata)) return;
  const detail::Names names(name, unit);
  write_metric(metadata, Tags(&set, properties, PropertiesOf::kMetric), detail::bits_of(value),
               RecordKind::kFloatMetricDyn, EventKind::kFloatMetric, &names);
}

// --- spans ---

void on_begin_scope(const SpanMetadata& metadata) {
  begin_scope(metadata.location, [&] {
    const std::uint32_t id = detail::span_id(metadata);
    return id != 0 &&
           detail::begin_span(id, RecordKind::kSpanBegin, detail::NoValue(), detail::NoSet());
  });
}

void on_end_scope(const SpanMetadata& metadata) {
  end_scope(metadata.location, RecordKind::kSpanEnd);
}

void on_begin_named_scope(const SpanLocation& location, std::string_view name) {
  begin_scope(location, [&] {
    const std::uint32_t id = detail::span_id(location);
    return id != 0 && detail::begin_span(id, RecordKind::kNamedSpanBegin, detail::span_name(name),
                                         detail::NoSet());
  });
}

void on_end_named_scope(const SpanLocation& location, std::string_view /*name*/) {
  end_scope(location, RecordKind::kNamedSpanEnd);
}

void on_begin_named_scope_dyn(const SpanLocation& location, std::string_view name) {
  on_begin_named_scope(location, name);
}

void on_end_named_scope_dyn(const SpanLocation& location, std::string_view name) {
  on_end_named_scope(location, name);
}

void on_end_scope_tagged(const SpanMetadata& metadata, const PropertySet& set, Pairs properties) {
  end_scope(metadata.location, RecordKind::kSpanEnd, &set, properties);
}

void on_end_named_scope_tagged(const SpanLocation& location, std::string_view /*name*/,
                               const PropertySet& set, Pairs properties) {
  end_scope(location, RecordKind::kNamedSpanEnd, &set, properties);
}

std::uint64_t on_begin_async_scope(const SpanMetadata& metadata, std::uint64_t parent_span_id,
                                   std::uint32_t depth) {
  return begin_async(metadata, RecordKind::kAsyncSpanBegin, parent_span_id, depth);
}

void on_end_async_scope(std::uint64_t span_id, std::uint64_t parent_span_id,
                        const SpanMetadata& metadata, std::uint32_t depth) {
  end_async(metadata, RecordKind::kAsyncSpanEnd, {span_id, parent_span_id, depth});
}

std::uint64_t on_begin_async_named_scope(const SpanLocation& location, std::string_view name,
                                         std::uint64_t parent_span_id, std::uint32_t depth) {
  return begin_async(location, RecordKind::kAsyncNamedBegin, parent_span_id, depth, &name);
}

void on_end_async_named_scope(std::uint64_t span_id, std::uint64_t parent_span_id,
                              const SpanLocation& location, std::string_view name,
                              std::uint32_t depth) {
  end_async(location, RecordKind::kAsyncNamedEnd, {span_id, parent_span_id, depth}, &name);
}

std::uint64_t on_begin_async_named_scope_dyn(const SpanLocation& location, std::string_view name,
                                             std::uint64_t parent_span_id, std::uint32_t depth) {
  return on_begin_async_named_scope(location, name, parent_span_id, depth);
}

void on_end_async_named_scope_dyn(std::uint64_t span_id, std::uint64_t parent_span_id,
                                  const SpanLocation& location, std::string_view name,
                                  std::uint32_t depth) {
  on_end_async_named_scope(span_id, parent_span_id, location, name, depth);
}

void on_end_async_scope_tagged(std::uint64_t span_id, std::uint64_t parent_span_id,
                               const SpanMetadata& metadata, std::uint32_t depth,
                               const PropertySet& set, Pairs properties) {
  end_async(metadata, RecordKind::kAsyncSpanEnd, {span_id, parent_span_id, depth}, nullptr, &set,
            properties);
}

void on_end_async_named_scope_tagged(std::uint64_t span_id, std::uint64_t parent_span_id,
                                     const SpanLocation& location, std::string_view name,
                                     std::uint32_t depth, const PropertySet& set,
                                     Pairs properties) {
  end_async(location, RecordKind::kAsyncNamedEnd, {span_id, parent_span_id, depth}, &name, &set,
            properties);
}

// --- flush and threads ---

void flush_log_buffer() { hand_over(); }
void flush_metrics_buffer() { hand_over(); }
void flush_thread_buffer() { hand_over(); }

void init_thread_stream() {
  queue::Runtime& runtime = queue::Runtime::get();
  if (runtime.running()) runtime.prepare_current_thread();
}

void unregister_thread_stream() { queue::Runtime::get().retire_current_thread(); }

void for_each_thread_stream(FunctionRef<void(ThreadStream&)> visit) {
  for (ThreadStream& stream : pipeline::session_thread_streams()) visit(stream);
}

// --- queries ---

std::optional<Uuid> process_id() { return pipeline::session_process_id(); }

std::optional<bool> cpu_tracing_enabled() {
  if (!pipeline::session_running(0)) return std::nullopt;
  return queue::Runtime::get().filters().spans;
}

std::shared_ptr<EventSink> get_sink() { return pipeline::session_sink(); }

ProcessInfo make_process_info(const Uuid& process_id, std::optional<Uuid> parent_process_id,
                              PropertyMap properties) {
  SystemInfo system = gather_system_info();
  ProcessInfo info;
  info.process_id = process_id;
  info.parent_process_id = parent_process_id;
  info.exe = std::move(system.exe);
  info.username = std::move(system.username);
  info.realname = std::move(system.realname);
  info.computer = std::move(system.computer);
  info.distro = std::move(system.distro);
  info.cpu_brand = std::move(system.cpu_brand);
  info.start_time = info.start_ticks = pipeline::now();
  info.properties = std::move(properties);
  return info;
}

}  // namespace micromegas::dispatch
