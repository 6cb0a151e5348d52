// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Every call site that has recorded, by its 32-bit id. Entries hold copies of all strings and are
// never freed, so a shared library may be unloaded and its events still be read. Equal call sites
// (a library loaded again, a template) share one entry.
#ifndef MICROMEGAS_PIPELINE_QUEUE_CATALOGUE_H_
#define MICROMEGAS_PIPELINE_QUEUE_CATALOGUE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/queue/format_string.h"
#include "micromegas/pipeline/queue/record.h"

namespace micromegas::queue {

struct Descriptor {
  // One of the three is filled, by what the records that refer to it are; none for the properties
  // that a span gets later. A span whose name is given at run time has an empty span.name.
  LogMetadata log;  // text: as written; of a literal: the message, doubled braces undone
  StaticMetricMetadata metric;
  SpanMetadata span;

  std::vector<ArgType> arg_types;      // of the values in a record
  std::vector<std::string> arg_names;  // their property's name; "" for what is only shown
  // Of a log.
  bool shows_arguments = false;     // else log.text is the message
  std::string format;               // log.text with every placeholder numbered, for {fmt}
  std::vector<FormatPiece> pieces;  // the same taken apart; empty if that cannot be
  std::string template_text;        // see to_template()
  std::unique_ptr<char[]> strings;  // what the views above point into
};

class Catalogue {
 public:
  static constexpr std::size_t kMaxDescriptors = 1U << 20;

  // The id of this call site, from 1; 0 when the catalogue is full or memory is short. Any thread;
  // locks and allocates.
  std::uint32_t add_log(const LogMetadata& metadata, const ArgList& args);
  std::uint32_t add_metric(const StaticMetricMetadata& metadata, const ArgList& args);
  std::uint32_t add_span(std::string_view name, const SpanLocation& location, const ArgList& args);
  std::uint32_t add_properties(const ArgList& args);

  // Null for an id that was never given out. Any thread. No lock, unless the entry is not seen: a
  // recorder reads its id relaxed, after which the language promises nothing but behind the lock
  // under which the entry was made.
  [[nodiscard]] const Descriptor* find(std::uint32_t id) const noexcept {
    if (id == 0 || id > kMaxDescriptors) return nullptr;
    const Chunk* chunk = chunks_[(id - 1) / kChunk].load(std::memory_order_acquire);
    const Descriptor* seen =
        chunk == nullptr ? nullptr : (*chunk)[(id - 1) % kChunk].load(std::memory_order_acquire);
    return seen != nullptr ? seen : find_locked(id);
  }

  // For the fork hooks: held over a fork so that the child finds the catalogue whole.
  std::mutex& mutex() noexcept { return mutex_; }

 private:
  static constexpr std::size_t kChunk = 1024;
  using Chunk = std::array<std::atomic<const Descriptor*>, kChunk>;

  const Descriptor* find_locked(std::uint32_t id) const noexcept;
  std::uint32_t insert(std::string key, std::unique_ptr<Descriptor> descriptor);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::uint32_t> ids_;
  std::array<std::atomic<Chunk*>, kMaxDescriptors / kChunk> chunks_{};
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_CATALOGUE_H_
