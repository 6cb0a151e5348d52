// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The part of a log block that a sink's filter lets through. Copied, not shared: where most is left
// out, nothing keeps the memory of the rest.

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "micromegas/pipeline/flush/block_records.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/sink/block.h"

namespace micromegas {
namespace {

// Asks the filter once per call site, and for each log whose target was given at run time.
class Decisions {
 public:
  explicit Decisions(const LogFilter& filter)
      : filter_(filter), catalogue_(queue::Runtime::get().catalogue()) {}

  bool operator()(queue::RecordReader record) {
    if (record.kind() == queue::RecordKind::kLogInterop) {  // its values: record.h
      const auto level = static_cast<Level>(record.number());
      return filter_.allows(level, record.string().text);
    }
    if (record.id() > queue::Catalogue::kMaxDescriptors) return true;  // damaged
    if (record.id() >= of_sites_.size()) of_sites_.resize(record.id() + 64);
    std::uint8_t& decision = of_sites_[record.id()];
    if (decision == kUnknown) {
      const queue::Descriptor* site = catalogue_.find(record.id());
      const bool wanted = site == nullptr || filter_.allows(site->log.level, site->log.target);
      decision = wanted ? kYes : kNo;
    }
    return decision == kYes;
  }

 private:
  enum : std::uint8_t { kUnknown, kNo, kYes };

  const LogFilter& filter_;
  const queue::Catalogue& catalogue_;
  std::vector<std::uint8_t> of_sites_;  // by id
};

}  // namespace

std::shared_ptr<const LogBlock> filter_block(const std::shared_ptr<const LogBlock>& block,
                                             const LogFilter& filter, FilteredLogs& stream) {
  const BlockHeader& whole = block->header();
  const auto hand_over = [&](std::shared_ptr<const LogBlock> result) {
    stream.object_offset += result->event_count();
    stream.end_time = result->header().end_time;
    stream.left_out += static_cast<std::uint64_t>(whole.event_count - result->event_count());
    return result;
  };
  const bool follows = stream.left_out == 0;  // so do its offsets and bounds
  const bool everything = filter.allows_everything();
  if (everything && follows) return hand_over(block);

  Decisions wanted(filter);
  std::int32_t count = 0;
  std::size_t bytes = 0;
  pipeline::for_each_record(block->records_, [&](const queue::RecordReader& record) {
    if (!everything && !wanted(record)) return;
    ++count;
    bytes += record.bytes();
  });
  if (count == whole.event_count && follows) return hand_over(block);
  if (count == 0) {
    stream.left_out += static_cast<std::uint64_t>(whole.event_count);
    return nullptr;
  }

  BlockRecords records;
  records.redactor = block->records_.redactor;
  std::byte* to = records.bytes.extend(bytes);
  const std::vector<EventContextPtr>& contexts = block->records_.contexts;
  std::vector<std::uint32_t> places(contexts.size() + 1);  // by the old one; 0: none yet
  pipeline::for_each_record(block->records_, [&](const queue::RecordReader& record) {
    if (!everything && !wanted(record)) return;
    std::memcpy(to, record.begin(), record.bytes());
    if (const std::uint32_t old = record.context(); old != 0 && old <= contexts.size()) {
      if (places[old] == 0) {
        records.contexts.push_back(contexts[old - 1]);
        records.context_bytes += contexts[old - 1]->memory_bytes();
        places[old] = static_cast<std::uint32_t>(records.contexts.size());
      }
      queue::store64(to + queue::kRecordHeaderBytes, places[old]);
    }
    to += record.bytes();
  });
  records.bytes.trim();
  BlockHeader header = whole;
  header.block_id = Uuid::random();
  header.object_offset = stream.object_offset;
  header.event_count = count;
  header.begin_time = std::min(stream.end_time.value_or(whole.begin_time), whole.begin_time);
  return hand_over(std::make_shared<const LogBlock>(header, std::move(records)));
}

}  // namespace micromegas
