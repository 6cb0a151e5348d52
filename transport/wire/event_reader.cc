// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/event_reader.h"

#include <string_view>

#include "micromegas/transport/wire/utf8.h"

namespace micromegas::wire {
namespace {

// Reads the body of one event without a fixed size, member by member. After the first failure the
// rest does nothing.
class DynamicEvent {
 public:
  DynamicEvent(std::string_view body, Schema& schema, ValueArena& arena, RecordReader& reader)
      : cursor_(body), schema_(schema), arena_(arena), reader_(reader) {
    members_ = arena.members(kMaxMembers);
  }

  void time() { add("time", cursor_.take<std::int64_t>()); }
  void level_u8() { add("level", cursor_.take<std::uint8_t>()); }
  void level_u32() { add("level", cursor_.take<std::uint32_t>()); }

  // A descriptor or a property set.
  void object(std::string_view name) {
    const auto id = cursor_.take<std::uint64_t>();
    Value value;
    if (!going() || !reader_.reference(id, name, value, extent_)) return;
    if (!std::holds_alternative<const Object*>(value)) {
      reader_.fail("member " + quoted(name) + " refers to text");
      return;
    }
    add(name, value);
  }

  // The image of a record type that stands for a string.
  void target(std::string_view type) {
    const RecordPlan* const plan = schema_.plan(type);
    if (plan == nullptr) {
      reader_.fail("the stream has no type " + quoted(type));
      return;
    }
    const std::string_view image = cursor_.take_bytes(plan->size);
    Value value;
    if (!going() || !reader_.fixed(*plan, image, arena_, value, extent_)) return;
    if (!std::holds_alternative<std::string_view>(value)) {
      reader_.fail("the target is no text");
      return;
    }
    add("target", value);
  }

  void text(std::string_view name) {
    std::string_view value;
    if (!going() || !reader_.dynamic_string(cursor_, arena_, value)) return;
    extent_.add(value.size());
    add(name, value);
  }

  // All that is left, of old types.
  void rest_as_message() {
    std::string_view value;
    if (!going() || !reader_.text(2, cursor_.rest(), arena_, value)) return;
    extent_.add(value.size());
    add("msg", value);
  }

  void blob(std::string_view name) {
    const auto size = cursor_.take<std::uint32_t>();
    const std::string_view value = cursor_.take_bytes(size);
    extent_.add(2 * std::uint64_t{size});  // shown in hexadecimal
    add(name, Bytes{value});
  }

  bool finish(std::string_view type, Object& event) {
    if (!going()) return false;
    event = {type, members_.first(count_)};
    return reader_.charge(extent_.weight + type.size());
  }

 private:
  static constexpr std::size_t kMaxMembers = 5;

  bool going() {
    if (!cursor_.ok()) reader_.fail("the event is cut");
    return reader_.ok();
  }
  void add(std::string_view name, const Value& value) {
    if (going()) members_[count_++] = {name, value};
  }

  Cursor cursor_;
  Schema& schema_;
  ValueArena& arena_;
  RecordReader& reader_;
  std::span<Member> members_;
  std::size_t count_ = 0;
  Extent extent_{32 + kMaxMembers * 32, 0};
};

using ReadBody = void (*)(DynamicEvent&);

struct DynamicType {
  std::string_view name;
  ReadBody read;
};

constexpr DynamicType kDynamicTypes[] = {
    {"LogStringEventV2",
     [](DynamicEvent& event) {
       event.object("desc");
       event.time();
       event.text("msg");
     }},
    {"TaggedLogString",
     [](DynamicEvent& event) {
       event.object("desc");
       event.object("properties");
       event.time();
       event.text("msg");
     }},
    {"LogStringInteropEventV3",
     [](DynamicEvent& event) {
       event.time();
       event.level_u8();
       event.target("StaticStringRef");
       event.text("msg");
     }},
    {"TaggedLogInteropEvent",
     [](DynamicEvent& event) {
       event.time();
       event.level_u8();
       event.target("StaticStringRef");
       event.object("properties");
       event.text("msg");
     }},
    {"ImageEvent",
     [](DynamicEvent& event) {
       event.time();
       event.text("name");
       event.text("format");
       event.blob("data");
     }},
    // Of old clients.
    {"LogStringEvent",
     [](DynamicEvent& event) {
       event.object("desc");
       event.time();
       event.rest_as_message();
     }},
    {"LogStringInteropEventV2",
     [](DynamicEvent& event) {
       event.time();
       event.level_u32();
       event.target("StringId");
       event.rest_as_message();
     }},
};

}  // namespace

bool read_event(const RecordReader::Record& record, Schema& schema, ValueArena& arena,
                RecordReader& reader, Object& event) {
  const Udt& type = schema.type(record.type);
  if (type.size == 0) {
    for (const DynamicType& known : kDynamicTypes) {
      if (known.name != type.name) continue;
      DynamicEvent body(record.body, schema, arena, reader);
      known.read(body);
      return body.finish(type.name, event);
    }
    event = {type.name, {}};
    return reader.charge(32 + type.name.size());
  }
  const RecordPlan& plan = schema.plan(record.type);
  Value value;
  Extent extent;
  // Before it is read: a record of one byte may have thousands of members.
  if (!reader.charge(32 + plan.values * 24)) return false;
  if (!reader.fixed(plan, record.body, arena, value, extent)) return false;
  if (const auto* const object = std::get_if<const Object*>(&value)) {
    event = **object;
  } else {
    event = {type.name, {}};  // a reference type: no view knows it as an event
  }
  return reader.charge(extent.weight);
}

}  // namespace micromegas::wire
