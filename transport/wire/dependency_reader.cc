// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/dependency_reader.h"

#include "micromegas/transport/wire/utf8.h"

namespace micromegas::wire {
namespace {

class DependencyReader {
 public:
  DependencyReader(Schema& schema, ValueArena& arena, RecordReader& reader)
      : schema_(schema), arena_(arena), reader_(reader) {}

  bool read(const RecordReader::Record& record) {
    const Udt& type = schema_.type(record.type);
    if (type.name == "StaticString") return static_string(record.body);
    if (type.name == "StaticStringDependency") return string_dependency(record.body);
    if (type.name == "PropertySetDependency") return property_set(record.body);
    if (type.size == 0) return reader_.fail("no dependency of its own size has this type");
    return descriptor(schema_.plan(record.type), record.body);
  }

 private:
  bool static_string(std::string_view body) {
    Cursor cursor(body);
    const auto id = cursor.take<std::uint64_t>();
    if (!cursor.ok()) return reader_.fail("string is cut");
    if (!is_valid_utf8(cursor.rest())) return reader_.fail("string is not UTF-8");
    return reader_.add_dependency(id, cursor.rest(), {cursor.rest().size(), 0}, 0);
  }

  bool string_dependency(std::string_view body) {
    Cursor cursor(body);
    const auto id = cursor.take<std::uint64_t>();
    std::string_view text;
    if (!reader_.dynamic_string(cursor, arena_, text)) return false;
    // A repaired text is at most three times as long as it came, so the limit on what came holds.
    return reader_.add_dependency(id, text, {text.size(), 0}, 0);
  }

  bool property_set(std::string_view body) {
    const RecordPlan* const plan = schema_.plan("Property");
    if (plan == nullptr) return reader_.fail("the stream has no type 'Property'");
    if (plan->size == 0) return reader_.fail("the stream's type 'Property' has no size");
    Cursor cursor(body);
    const auto id = cursor.take<std::uint64_t>();
    const auto count = cursor.take<std::uint32_t>();
    if (!cursor.ok() || count > cursor.rest().size() / plan->size) {
      return reader_.fail("property set is cut");
    }
    const std::size_t memory = count * sizeof(Member);
    if (!reader_.charge(std::uint64_t{count} * (32 + plan->values * 24))) return false;
    const std::span<Member> members = arena_.members(count);
    Extent extent{44, 1};
    for (Member& member : members) {
      if (!property(*plan, cursor.take_bytes(plan->size), member, extent)) return false;
    }
    Object* const set = arena_.object();
    *set = {"property_set", members};
    return reader_.add_dependency(id, set, extent, memory + sizeof(Object));
  }

  bool property(const RecordPlan& plan, std::string_view body, Member& member, Extent& set) {
    scratch_.clear();
    Value value;
    Extent extent;
    if (!reader_.fixed(plan, body, scratch_, value, extent)) return false;
    const auto* const object = std::get_if<const Object*>(&value);
    if (object == nullptr) return reader_.fail("'Property' is no record");
    const auto name = (*object)->get_text("name");
    const auto text = (*object)->get_text("value");
    if (!name || !text) return reader_.fail("a property's name and value must be strings");
    member = {*name, *text};
    set.add(24 + name->size() + text->size());
    return true;
  }

  bool descriptor(const RecordPlan& plan, std::string_view body) {
    Value value;
    Extent extent;
    if (!reader_.charge(plan.values * 24)) return false;
    if (!reader_.fixed(plan, body, arena_, value, extent)) return false;
    const auto* const object = std::get_if<const Object*>(&value);
    const auto id = object != nullptr ? (*object)->get_u64("id") : std::nullopt;
    if (!id) return reader_.fail("descriptor without a 64-bit member 'id'");
    return reader_.add_dependency(*id, value, extent,
                                  plan.values * (sizeof(Member) + sizeof(Object)));
  }

  Schema& schema_;
  ValueArena& arena_;
  RecordReader& reader_;
  ValueArena scratch_;
};

}  // namespace

bool read_dependencies(std::string_view buffer, Schema& schema, ValueArena& arena,
                       RecordReader& reader) {
  DependencyReader dependencies(schema, arena, reader);
  const std::size_t size = buffer.size();
  while (!buffer.empty()) {
    const std::size_t at = size - buffer.size();
    RecordReader::Record record;
    if (!reader.next(buffer, schema, record)) {
      return reader.fail_in("dependencies, byte " + std::to_string(at));
    }
    if (!dependencies.read(record)) {
      return reader.fail_in("dependencies, byte " + std::to_string(at) + ", type " +
                            quoted(schema.type(record.type).name));
    }
  }
  return true;
}

}  // namespace micromegas::wire
