// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/composite_sink.h"

#include <exception>
#include <string_view>
#include <utility>

#include "micromegas/platform/diagnostics.h"

namespace micromegas {
namespace {

// False when `call` threw.
template <class Call>
bool isolated(Call&& call) noexcept {
#if defined(__cpp_exceptions)
  try {
    call();
    return true;
  } catch (const std::exception& error) {
    diagnose("sink.threw", error.what());
  } catch (...) {
    diagnose("sink.threw", "a sink threw something that is not a std::exception");
  }
  return false;
#else
  call();
  return true;
#endif
}

}  // namespace

CompositeSink::CompositeSink(std::vector<Child> children) {
  for (Child& child : children) {
    if (child.sink == nullptr) continue;
    auto entry = std::make_unique<Entry>();
    entry->sink = std::move(child.sink);
    entry->filter = std::make_shared<const LogFilter>(std::move(child.filter));
    children_.push_back(std::move(entry));
  }
}

std::shared_ptr<const LogFilter> CompositeSink::filter_of(Entry& entry) {
  const std::lock_guard lock(entry.mutex);
  return entry.filter;
}

void CompositeSink::set_filter(std::size_t index, LogFilter filter) {
  if (index >= children_.size()) return;
  auto next = std::make_shared<const LogFilter>(std::move(filter));
  const std::lock_guard lock(children_[index]->mutex);
  children_[index]->filter.swap(next);
}

bool CompositeSink::wants(Entry& entry, const LogMetadata& metadata) {
  return filter_of(entry)->allows(metadata.level, metadata.target) &&
         entry.sink->on_log_enabled(metadata);
}

void CompositeSink::for_each_child(FunctionRef<void(Entry&)> call) {
  for (const auto& entry : children_) isolated([&] { call(*entry); });
}

void CompositeSink::deliver(StreamKind kind, FunctionRef<void(Entry&)> call) {
  for (const auto& entry : children_) {
    if (!isolated([&] { call(*entry); })) {
      entry->failed_blocks[static_cast<std::size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
    }
  }
}

void CompositeSink::on_startup(std::shared_ptr<const ProcessInfo> process) {
  for_each_child([&](Entry& entry) { entry.sink->on_startup(process); });
}

void CompositeSink::on_shutdown() {
  for_each_child([](Entry& entry) { entry.sink->on_shutdown(); });
}

bool CompositeSink::on_log_enabled(const LogMetadata& metadata) {
  bool wanted = false;
  for_each_child([&](Entry& entry) { wanted = wants(entry, metadata) || wanted; });
  return wanted;
}

void CompositeSink::on_log(const LogMetadata& metadata, std::span<const Property> properties,
                           std::int64_t time, std::string_view text) {
  for_each_child([&](Entry& entry) {
    if (wants(entry, metadata)) entry.sink->on_log(metadata, properties, time, text);
  });
}

void CompositeSink::on_init_log_stream(const LogStream& stream) {
  for_each_child([&](Entry& entry) {
    entry.logs = {};
    entry.filtered_logs.store(0, std::memory_order_relaxed);
    entry.sink->on_init_log_stream(stream);
  });
}

void CompositeSink::on_process_log_block(std::shared_ptr<const LogBlock> block) {
  deliver(StreamKind::kLog, [&](Entry& entry) {
    const std::shared_ptr<const LogBlock> part = filter_block(block, *filter_of(entry), entry.logs);
    entry.filtered_logs.store(entry.logs.left_out, std::memory_order_relaxed);
    if (part != nullptr) entry.sink->on_process_log_block(part);
  });
}

void CompositeSink::on_init_metrics_stream(const MetricsStream& stream) {
  for_each_child([&](Entry& entry) { entry.sink->on_init_metrics_stream(stream); });
}

void CompositeSink::on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) {
  deliver(StreamKind::kMetrics, [&](Entry& entry) { entry.sink->on_process_metrics_block(block); });
}

void CompositeSink::on_init_thread_stream(const ThreadStream& stream) {
  for_each_child([&](Entry& entry) { entry.sink->on_init_thread_stream(stream); });
}

void CompositeSink::on_process_thread_block(std::shared_ptr<const ThreadBlock> block) {
  deliver(StreamKind::kThread, [&](Entry& entry) { entry.sink->on_process_thread_block(block); });
}

void CompositeSink::on_end_thread_stream(const ThreadStream& stream) {
  for_each_child([&](Entry& entry) { entry.sink->on_end_thread_stream(stream); });
}

void CompositeSink::on_init_image_stream(const ImageStream& stream) {
  for_each_child([&](Entry& entry) { entry.sink->on_init_image_stream(stream); });
}

void CompositeSink::on_process_image_block(std::shared_ptr<const ImageBlock> block) {
  deliver(StreamKind::kImage, [&](Entry& entry) { entry.sink->on_process_image_block(block); });
}

bool CompositeSink::is_busy() const {
  bool busy = false;
  for (const auto& entry : children_) {
    isolated([&] { busy = entry->sink->is_busy() || busy; });
  }
  return busy;
}

std::optional<std::size_t> CompositeSink::index_of(const EventSink& sink) const noexcept {
  for (std::size_t i = 0; i < children_.size(); ++i) {
    if (children_[i]->sink.get() == &sink) return i;
  }
  return std::nullopt;
}

std::uint64_t CompositeSink::filtered_logs(std::size_t index) const noexcept {
  if (index >= children_.size()) return 0;
  return children_[index]->filtered_logs.load(std::memory_order_relaxed);
}

std::uint64_t CompositeSink::failed_blocks(std::size_t index, StreamKind kind) const noexcept {
  const auto stream = static_cast<std::size_t>(kind);
  if (index >= children_.size() || stream >= children_[index]->failed_blocks.size()) return 0;
  return children_[index]->failed_blocks[stream].load(std::memory_order_relaxed);
}

}  // namespace micromegas
