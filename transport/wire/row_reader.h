// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the row functions of rows.h share.
#ifndef MICROMEGAS_TRANSPORT_WIRE_ROW_READER_H_
#define MICROMEGAS_TRANSPORT_WIRE_ROW_READER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/platform/result.h"
#include "micromegas/transport/wire/decode.h"
#include "micromegas/transport/wire/utf8.h"

namespace micromegas::wire {

// From ticks to nanoseconds since the epoch, in the arithmetic of the official analytics.
class TickClock {
 public:
  // A process that does not know its frequency (0) gets an estimate from the block's end.
  static Result<TickClock> make(const DecodedProcess& process, const DecodedBlock& block);

  [[nodiscard]] std::int64_t time(std::int64_t ticks) const noexcept;
  [[nodiscard]] double seconds(double ticks) const noexcept { return ticks / frequency_; }

 private:
  TickClock(double frequency, std::int64_t start_ticks, std::int64_t start_time)
      : frequency_(frequency), start_ticks_(start_ticks), start_time_(start_time) {}

  double frequency_;
  std::int64_t start_ticks_;
  std::int64_t start_time_;
};

// Finds what a type's name stands for in `table` (entries with a member `name`); the names of one
// block's events are few objects, so their addresses are remembered.
template <class Entry>
class TypeTable {
 public:
  explicit TypeTable(std::span<const Entry> table) : table_(table) {}

  const Entry* find(std::string_view type) {
    for (const Known& known : known_) {
      if (known.address == type.data()) return known.entry;
    }
    const Entry* found = nullptr;
    for (const Entry& entry : table_) {
      if (entry.name == type) found = &entry;
    }
    known_.push_back({type.data(), found});  // at most as many as the stream has types
    return found;
  }

 private:
  struct Known {
    const char* address;
    const Entry* entry;
  };
  std::span<const Entry> table_;
  std::vector<Known> known_;
};

// Reads members of one event after the other; remembers the first that is missing or wrong.
class RowReader {
 public:
  void begin(std::int64_t event_id, const Object& event) noexcept {
    event_id_ = event_id;
    event_ = &event;
  }
  [[nodiscard]] bool ok() const noexcept { return error_.empty(); }
  [[nodiscard]] Error error() const { return Error(error_); }

  std::int64_t i64(const Object& from, std::string_view name) {
    return value(from.get_i64(name), name);
  }
  std::uint64_t u64(const Object& from, std::string_view name) {
    return value(from.get_u64(name), name);
  }
  std::uint32_t u32(const Object& from, std::string_view name) {
    return value(from.get_u32(name), name);
  }
  double f64(const Object& from, std::string_view name) { return value(from.get_f64(name), name); }
  std::string_view text(const Object& from, std::string_view name) {
    return value(from.get_text(name), name);
  }
  // An object without members if there is none.
  const Object& object(const Object& from, std::string_view name) {
    static constexpr Object kNone{};
    const Object* const found = from.get_object(name);
    if (found == nullptr) fail("no object " + quoted(name));
    return found != nullptr ? *found : kNone;
  }
  // The text members of the event's member "properties"; valid until the next call.
  std::span<const Property> properties() {
    properties_.clear();
    for (const Member& member : object(*event_, "properties").members) {
      if (const auto* const text = std::get_if<std::string_view>(&member.value)) {
        properties_.push_back({member.name, *text});
      }
    }
    return properties_;
  }

  void fail(const std::string& what) {
    if (!ok()) return;
    error_ = "event " + std::to_string(event_id_) + ", type " + quoted(event_->type) + ": " + what;
  }

 private:
  template <class T>
  T value(const std::optional<T>& value, std::string_view name) {
    if (!value) fail("member " + quoted(name) + " is missing or of another type");
    return value.value_or(T{});
  }

  std::int64_t event_id_ = 0;
  const Object* event_ = nullptr;
  std::vector<Property> properties_;
  std::string error_;
};

// Calls `read(reader, event)` for each event of a type in `table`, until the first error.
template <class Entry, std::size_t N, class Read>
Result<std::int64_t> read_rows(const DecodedStream& stream, const DecodedBlock& block,
                               const DecodeLimits& limits, const Entry (&table)[N], Read read) {
  TypeTable<Entry> types(table);
  RowReader reader;
  Result<std::int64_t> count = for_each_event(
      stream, block,
      [&](std::int64_t event_id, const Object& event) {
        if (!reader.ok()) return;
        const Entry* const type = types.find(event.type);
        if (type == nullptr) return;
        reader.begin(event_id, event);
        read(reader, *type, event_id, event);
      },
      limits);
  if (count && !reader.ok()) return reader.error();
  return count;
}

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_ROW_READER_H_
