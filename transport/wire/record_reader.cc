// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/record_reader.h"

#include "micromegas/transport/wire/utf8.h"

namespace micromegas::wire {
namespace {

// Of dependencies that refer to dependencies; clients need two.
constexpr std::uint32_t kMaxReferenceDepth = 16;

template <class T>
T load(std::string_view body, std::uint64_t offset) noexcept {
  T value{};
  std::memcpy(&value, body.data() + offset, sizeof value);
  return value;
}

}  // namespace

bool RecordReader::fail(std::string_view what) {
  if (error_.empty()) error_ = what;
  return false;
}

bool RecordReader::fail_in(std::string_view where) {
  error_ = std::string(where) + ": " + (error_.empty() ? "cannot be read" : error_);
  return false;
}

bool RecordReader::charge(std::uint64_t weight) {
  expanded_ += weight;
  if (expanded_ <= limits_.expanded_bytes) return true;
  return fail("events expand to more than " + std::to_string(limits_.expanded_bytes) + " bytes");
}

bool RecordReader::next(std::string_view& buffer, const Schema& schema, Record& record) {
  Cursor cursor(buffer);
  record.type = cursor.take<std::uint8_t>();
  if (record.type >= schema.size()) {
    return fail("type index " + std::to_string(record.type) + " of " +
                std::to_string(schema.size()) + " types");
  }
  const Udt& type = schema.type(record.type);
  const std::uint64_t size = type.size == 0 ? cursor.take<std::uint32_t>() : type.size;
  record.body = cursor.take_bytes(size);
  if (!cursor.ok()) return fail("record of type " + quoted(type.name) + " is cut");
  buffer = cursor.rest();
  return true;
}

bool RecordReader::reference(std::uint64_t id, std::string_view member, Value& value,
                             Extent& extent) {
  const Dependency* const dependency = dependencies_.find(id);
  if (dependency == nullptr) {
    return fail("member " + quoted(member) + " refers to dependency " + std::to_string(id) +
                ", which no earlier record of the block defines");
  }
  value = dependency->value;
  extent.contain(dependency->extent);
  return true;
}

bool RecordReader::field(const FieldPlan& field, std::string_view body, ValueArena& arena,
                         Value& value, Extent& extent) {
  extent.add(24 + field.name.size());
  switch (field.kind) {
    case FieldPlan::Kind::kU8:
      value = load<std::uint8_t>(body, field.offset);
      return true;
    case FieldPlan::Kind::kU32:
      value = load<std::uint32_t>(body, field.offset);
      return true;
    case FieldPlan::Kind::kU64:
      value = load<std::uint64_t>(body, field.offset);
      return true;
    case FieldPlan::Kind::kI64:
      value = load<std::int64_t>(body, field.offset);
      return true;
    case FieldPlan::Kind::kF64:
      value = load<double>(body, field.offset);
      return true;
    case FieldPlan::Kind::kReference:
      return reference(load<std::uint64_t>(body, field.offset), field.name, value, extent);
    case FieldPlan::Kind::kRecord:
      break;
  }
  Extent inner;
  const RecordPlan& plan = *field.record;
  if (!fixed(plan, body.substr(static_cast<std::size_t>(field.offset)), arena, value, inner)) {
    return false;
  }
  extent.contain(inner);
  return true;
}

// The schema has checked that every field lies inside of plan.size bytes, and the caller that
// `body` has as many; nesting is bounded there too.
bool RecordReader::fixed(const RecordPlan& plan, std::string_view body, ValueArena& arena,
                         Value& value, Extent& extent) {
  if (!plan.error.empty()) return fail(plan.error);
  if (body.size() < plan.size) return fail("record of type " + quoted(plan.name) + " is cut");
  const std::span<Member> members = arena.members(plan.fields.size());
  extent.add(32 + plan.name.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    members[i].name = plan.fields[i].name;
    if (!field(plan.fields[i], body, arena, members[i].value, extent)) return false;
  }
  if (plan.collapses) {
    value = members[plan.id_field].value;
    return true;
  }
  Object* const object = arena.object();
  *object = {plan.name, members};
  value = object;
  return true;
}

bool RecordReader::text(std::uint8_t codec, std::string_view bytes, ValueArena& arena,
                        std::string_view& text) {
  if (codec > 2) return fail("unknown string codec " + std::to_string(codec));
  if (codec == 1) {
    if (bytes.size() % 2 != 0) return fail("wide string of an odd number of bytes");
    std::string& repaired = arena.text();
    append_utf16le(bytes, repaired);
    text = repaired;
    return true;
  }
  text = bytes;
  if (is_valid_utf8(bytes)) return true;
  std::string& repaired = arena.text();
  append_lossy_utf8(bytes, repaired);
  text = repaired;
  return true;
}

bool RecordReader::dynamic_string(Cursor& cursor, ValueArena& arena, std::string_view& text) {
  const auto codec = cursor.take<std::uint8_t>();
  const auto size = cursor.take<std::uint32_t>();
  const std::string_view bytes = cursor.take_bytes(size);
  if (!cursor.ok()) return fail("string is cut");
  return this->text(codec, bytes, arena, text);
}

bool RecordReader::add_dependency(std::uint64_t id, const Value& value, const Extent& extent,
                                  std::size_t memory) {
  dependency_memory_ += DependencyMap::kBytesEach + memory;
  if (dependency_memory_ > limits_.decompressed_bytes) {
    return fail("dependencies need more than " + std::to_string(limits_.decompressed_bytes) +
                " bytes of memory");
  }
  if (extent.depth > kMaxReferenceDepth) return fail("dependencies refer to each other too deeply");
  if (!dependencies_.insert(id, {value, extent})) {
    return fail("dependency id " + std::to_string(id) + " comes twice");
  }
  return true;
}

}  // namespace micromegas::wire
