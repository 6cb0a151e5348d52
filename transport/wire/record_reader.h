// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the readers of dependencies and of events share: records out of a buffer, members out of a
// record, references resolved, text repaired, and the budget of what may come of it.
#ifndef MICROMEGAS_TRANSPORT_WIRE_RECORD_READER_H_
#define MICROMEGAS_TRANSPORT_WIRE_RECORD_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "micromegas/transport/wire/decode.h"
#include "micromegas/transport/wire/dependency_map.h"
#include "micromegas/transport/wire/schema.h"
#include "micromegas/transport/wire/value.h"
#include "micromegas/transport/wire/value_arena.h"

namespace micromegas::wire {

// Takes fields from the front of a record. After the first that does not fit, every take fails.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T take() noexcept {
    T value{};
    const std::string_view bytes = take_bytes(sizeof(T));
    if (bytes.size() == sizeof(T)) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  std::string_view take_bytes(std::uint64_t count) noexcept {
    if (count > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, static_cast<std::size_t>(count));
    bytes_.remove_prefix(static_cast<std::size_t>(count));
    return taken;
  }
  [[nodiscard]] std::string_view rest() const noexcept { return bytes_; }
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

// Functions that return bool return false after fail().
class RecordReader {
 public:
  explicit RecordReader(const DecodeLimits& limits) : limits_(limits) {}

  struct Record {
    std::size_t type = 0;
    std::string_view body;
  };
  // Takes a record from the front of `buffer`.
  bool next(std::string_view& buffer, const Schema& schema, Record& record);

  // The value of a record of fixed size: an object, or what it collapses to.
  bool fixed(const RecordPlan& plan, std::string_view body, ValueArena& arena, Value& value,
             Extent& extent);

  // What `id` stands for.
  bool reference(std::uint64_t id, std::string_view member, Value& value, Extent& extent);

  // Text of codec 0 (Ansi), 1 (Wide) or 2 (UTF-8); it stays in `bytes` if that is good UTF-8.
  bool text(std::uint8_t codec, std::string_view bytes, ValueArena& arena, std::string_view& text);
  // A DynString at the front of `cursor`.
  bool dynamic_string(Cursor& cursor, ValueArena& arena, std::string_view& text);

  bool add_dependency(std::uint64_t id, const Value& value, const Extent& extent,
                      std::size_t memory);
  // Spends of DecodeLimits::expanded_bytes.
  bool charge(std::uint64_t weight);

  bool fail(std::string_view what);
  // Puts where it happened before the error.
  bool fail_in(std::string_view where);
  [[nodiscard]] bool ok() const noexcept { return error_.empty(); }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  bool field(const FieldPlan& field, std::string_view body, ValueArena& arena, Value& value,
             Extent& extent);

  DecodeLimits limits_;
  DependencyMap dependencies_;
  std::uint64_t expanded_ = 0;
  std::uint64_t dependency_memory_ = 0;
  std::string error_;
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_RECORD_READER_H_
