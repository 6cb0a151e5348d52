// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The metadata of a stream, checked and made fast: for each type a list of what to read where.
// Types are looked at when a record of theirs is met, as the official parser does: a broken type
// that no record uses does no harm.
#ifndef MICROMEGAS_TRANSPORT_WIRE_SCHEMA_H_
#define MICROMEGAS_TRANSPORT_WIRE_SCHEMA_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/transport/wire/decode.h"

namespace micromegas::wire {

struct RecordPlan;

struct FieldPlan {
  enum class Kind : std::uint8_t { kU8, kU32, kU64, kI64, kF64, kReference, kRecord };
  std::string_view name;
  Kind kind = Kind::kU8;
  std::uint64_t offset = 0;
  const RecordPlan* record = nullptr;  // if kRecord
};

struct RecordPlan {
  std::string_view name;
  std::uint64_t size = 0;
  std::vector<FieldPlan> fields;
  bool collapses = false;    // stands for the value of its field "id"
  std::size_t id_field = 0;  // if it collapses
  std::size_t values = 0;    // to read for one record, nested ones included
  std::size_t depth = 1;     // of nesting
  std::string error;         // why no record of this type can be read
};

class Schema {
 public:
  // `types` must outlive the schema.
  explicit Schema(std::span<const Udt> types) : types_(types), plans_(types.size()) {}
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return types_.size(); }
  [[nodiscard]] const Udt& type(std::size_t index) const noexcept { return types_[index]; }

  // The plan of types()[index]; look at its error first.
  const RecordPlan& plan(std::size_t index);

  // The first type of this name, or null.
  const RecordPlan* plan(std::string_view name);

 private:
  struct Entry {
    RecordPlan plan;
    bool ready = false;
    bool busy = false;
  };
  static constexpr std::size_t kMaxDepth = 8;
  static constexpr std::size_t kMaxValues = 4096;

  void compile(std::size_t index, std::size_t depth);
  void compile_member(const UdtMember& member, RecordPlan& plan, std::size_t depth);
  [[nodiscard]] std::size_t index_of(std::string_view name) const noexcept;

  std::span<const Udt> types_;
  std::vector<Entry> plans_;  // never resized: plans point at each other
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_SCHEMA_H_
