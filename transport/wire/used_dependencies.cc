// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/used_dependencies.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "micromegas/transport/wire/layout.h"
#include "micromegas/transport/wire/packed_records.h"

namespace micromegas::wire {
namespace {

constexpr std::size_t kSetIds = 12;  // behind a property set's id and count: its names and values

struct Record {
  std::uint64_t id;
  std::string_view bytes;
  std::size_t first_reference;  // in the list of all
  bool used = false;
};

bool is_property_set(StreamKind kind, std::uint8_t type) {
  switch (kind) {
    case StreamKind::kLog:
      return type == layout::kLogPropertySet;
    case StreamKind::kMetrics:
      return type == layout::kMetricsPropertySet;
    case StreamKind::kImage:
      return false;  // there are none
    case StreamKind::kThread:
      break;
  }
  return type == layout::kSpanPropertySet;
}

}  // namespace

Result<void> copy_used_dependencies(std::string_view dependencies, std::string_view objects,
                                    StreamKind kind, ByteBuffer& used) {
  const Error foreign("a block's dependencies are not of this client's layout");
  const layout::StreamLayout& layout = layout::of(kind);

  std::vector<Record> records;
  std::vector<std::uint64_t> references;
  PackedRecords reader(dependencies, layout.dependencies);
  while (reader.next()) {
    const std::uint64_t id = reader.u64_at(0);
    // They ascend (dependencies.h), also when an earlier cut has left some out.
    if (id == 0 || (!records.empty() && id <= records.back().id)) return foreign;
    records.push_back({id, reader.record(), references.size()});
    reader.for_each_reference([&](std::uint64_t to) { references.push_back(to); });
    if (!is_property_set(kind, reader.type())) continue;
    for (std::size_t at = kSetIds; at < reader.body().size(); at += sizeof(id)) {
      references.push_back(reader.u64_at(at));
    }
  }
  if (!reader.end()) return foreign;

  bool known = true;
  const auto use = [&](std::uint64_t id) {
    const auto found = std::lower_bound(records.begin(), records.end(), id,
                                        [](const Record& r, std::uint64_t i) { return r.id < i; });
    if (found != records.end() && found->id == id) {
      found->used = true;
    } else {
      known = false;
    }
  };
  PackedRecords events(objects, layout.objects);
  while (events.next()) events.for_each_reference(use);
  if (!events.end()) return foreign;
  // Backwards: a record refers to earlier ones.
  std::size_t end = references.size();
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    for (std::size_t i = record->first_reference; i < end && record->used; ++i) use(references[i]);
    end = record->first_reference;
  }
  if (!known) return foreign;

  used.clear();
  for (const Record& record : records) {
    if (record.used) put_text(used.room(record.bytes.size()), record.bytes);
  }
  return {};
}

}  // namespace micromegas::wire
