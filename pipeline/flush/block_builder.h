// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Collects one stream's records, times converted, until they leave as a block. The flush actor's
// alone.
//
// Bounds (docs/architecture.md): a thread's block ends at its last event and the next one begins
// there. Log and metric blocks merge threads, and a thread may stamp before a cut and be read after
// it, so they begin at the earlier of the last end and their earliest event.
#ifndef MICROMEGAS_PIPELINE_FLUSH_BLOCK_BUILDER_H_
#define MICROMEGAS_PIPELINE_FLUSH_BLOCK_BUILDER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "micromegas/pipeline/queue/record.h"
#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/stats.h"

namespace micromegas::pipeline {

class BlockBuilder {
 public:
  // `begin_time`: where the first block begins, at the latest. `merged`: records come from several
  // threads and may be out of order.
  BlockBuilder(const Uuid& process_id, const Uuid& stream_id, std::int64_t begin_time, bool merged);

  // Copies a record with its time replaced. Returns its offset in the block.
  std::uint32_t add(const std::byte* record, std::size_t bytes, std::int64_t time, EventKind kind,
                    const EventContextPtr& context = {});
  // For many records without values, in the order of their times: the caller writes them here, as
  // far as there is room, and then calls add_plain(), and nothing else in between.
  [[nodiscard]] std::span<std::byte> plain_room() noexcept {
    RecordBuffer& bytes = records_.bytes;
    return {bytes.data() + bytes.size(), bytes.capacity() - bytes.size()};
  }
  void add_plain(std::size_t records, std::int64_t first, std::int64_t last,
                 EventKind kind) noexcept {
    if (records == 0) return;
    records_.bytes.extend(records * queue::kRecordHeaderBytes);
    account(first, last, static_cast<std::uint32_t>(records), kind);
  }
  // Another context for a record that was added with one and has not been cut.
  void replace_context(std::uint32_t offset, const EventContextPtr& context);
  // The end of a thread span, with what the records in `properties` say of it; `name`: if it was
  // given at run time.
  void add_span_end(std::uint32_t id, std::int64_t time, std::optional<std::string_view> name,
                    std::span<const std::byte> properties, const EventContextPtr& context = {});

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  // Whether it had better be cut: its records and what they carry take `limit` bytes of memory, or
  // its body would grow out of proportion to that. So no body comes near what an encoder takes, but
  // for hundreds of the largest PropertySets in one block: their texts are not counted.
  [[nodiscard]] bool full(std::size_t limit) const noexcept {
    return record_bytes() + records_.context_bytes >= limit || set_bytes_ >= kMaxSetBytes;
  }
  [[nodiscard]] std::size_t record_bytes() const noexcept { return records_.bytes.size(); }
  [[nodiscard]] const std::byte* record(std::uint32_t offset) const noexcept {
    return records_.bytes.data() + offset;
  }
  // Those of the records that have not been cut; stays at its address.
  [[nodiscard]] const std::vector<EventContextPtr>& contexts() const noexcept {
    return records_.contexts;
  }
  [[nodiscard]] const std::array<std::uint32_t, kEventKinds>& counts() const noexcept {
    return kinds_;
  }
  // Time of the earliest record; only if !empty().
  [[nodiscard]] std::int64_t first_time() const noexcept { return min_time_; }
  // Of the last record so far, or where the first block begins.
  [[nodiscard]] std::int64_t last_time() const noexcept {
    return empty() ? begin_time_ : last_time_;
  }
  // Blocks that have been cut.
  [[nodiscard]] std::uint64_t blocks() const noexcept { return blocks_; }

  struct Cut {
    BlockHeader header;
    BlockRecords records;
    std::array<std::uint32_t, kEventKinds> kinds;
  };
  // Takes everything out as one block. `now`: the end of a merged block. Precondition: !empty().
  Cut cut(std::int64_t now);

 private:
  void account(std::int64_t time, EventKind kind) noexcept { account(time, time, 1, kind); }
  void account(std::int64_t first, std::int64_t last, std::uint32_t records,
               EventKind kind) noexcept {
    if (count_ == 0) {
      min_time_ = first;
      max_time_ = last;
    } else {
      if (first < last_time_) sorted_ = false;
      min_time_ = std::min(min_time_, first);
      max_time_ = std::max(max_time_, last);
    }
    last_time_ = last;
    count_ += static_cast<std::int32_t>(records);
    kinds_[static_cast<std::size_t>(kind)] += records;
  }
  // Its place in records_.contexts plus 1, of one more event.
  std::uint64_t place(const EventContextPtr& context);

  // A body has each text of a context once, but its property set with each event whose own
  // properties differ: at most these bytes for each property.
  static constexpr std::size_t kSetBytesPerProperty = 16;
  static constexpr std::size_t kMaxSetBytes = 64U << 20;

  Uuid process_id_;
  Uuid stream_id_;
  bool merged_;
  std::int64_t begin_time_;
  std::int64_t object_offset_ = 0;
  std::uint64_t blocks_ = 0;

  BlockRecords records_;
  std::unordered_map<const EventContext*, std::size_t> places_;  // of records_.contexts, plus 1
  std::size_t set_bytes_ = 0;
  std::array<std::uint32_t, kEventKinds> kinds_{};
  std::int32_t count_ = 0;
  std::int64_t min_time_ = 0;
  std::int64_t max_time_ = 0;
  std::int64_t last_time_ = 0;
  bool sorted_ = true;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_BLOCK_BUILDER_H_
