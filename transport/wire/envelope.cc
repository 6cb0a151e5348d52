// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The CBOR of the three requests.

#include <algorithm>
#include <limits>
#include <utility>

#include "micromegas/transport/wire/cbor_reader.h"
#include "micromegas/transport/wire/decode.h"
#include "micromegas/transport/wire/lz4_frame.h"
#include "micromegas/transport/wire/time_text.h"

namespace micromegas::wire {
namespace {

// Far above what a client sends; what a body of 100 MiB could hold would take gigabytes.
constexpr std::size_t kMaxProperties = 65'536;
constexpr std::size_t kMaxTags = 1024;
constexpr std::size_t kMaxTypes = 1024;
constexpr std::size_t kMaxMembers = 65'536;  // of a stream, all types together

// Reads a map. `read(i)` reads the value of keys[i]; each key must come once, others are ignored.
template <std::size_t N, class Read>
bool read_struct(CborReader& reader, const std::string_view (&keys)[N], Read read) {
  static_assert(N <= 32);
  std::uint32_t seen = 0;
  std::string scratch;
  CborReader::Container map;
  if (!reader.enter_map(map)) return false;
  while (reader.more(map)) {
    std::string_view key;
    if (!reader.key(key, scratch)) return false;
    const std::size_t i = static_cast<std::size_t>(std::find(keys, keys + N, key) - keys);
    if (i == N) {
      if (!reader.skip()) return false;
      continue;
    }
    if ((seen >> i & 1U) != 0) {
      return reader.fail("key '" + std::string(keys[i]) + "' comes twice");
    }
    seen |= 1U << i;
    if (!read(i)) return reader.fail_in(keys[i]);
  }
  if (!reader.ok()) return false;
  for (std::size_t i = 0; i < N; ++i) {
    if ((seen >> i & 1U) == 0) {
      return reader.fail("key '" + std::string(keys[i]) + "' is missing");
    }
  }
  return true;
}

bool read_uuid(CborReader& reader, Uuid& id) {
  std::string scratch;
  std::string_view text;
  if (!reader.text(text, scratch)) return false;
  const std::optional<Uuid> parsed = Uuid::parse(text);
  if (!parsed) return reader.fail("not a UUID");
  id = *parsed;
  return true;
}

bool read_parent(CborReader& reader, std::optional<Uuid>& parent) {
  parent.reset();
  if (reader.take_null()) return true;
  std::string scratch;
  std::string_view text;
  if (!reader.text(text, scratch)) return false;
  if (text.empty()) return true;
  parent = Uuid::parse(text);
  return parent.has_value() || reader.fail("parent_process_id is not a UUID");
}

bool read_time(CborReader& reader, std::string& text, std::int64_t& time) {
  if (!reader.text(text)) return false;
  const std::optional<std::int64_t> parsed = parse_time(text);
  if (!parsed) {
    return reader.fail(is_time(text) ? "a time before 1678 or after 2261" : "not an RFC 3339 time");
  }
  time = *parsed;
  return true;
}

bool read_properties(CborReader& reader, PropertyMap& properties) {
  CborReader::Container map;
  if (!reader.enter_map(map)) return false;
  while (reader.more(map)) {
    std::string name;
    std::string value;
    if (!reader.text(name) || !reader.text(value)) return false;
    properties.insert_or_assign(std::move(name), std::move(value));
    if (properties.size() > kMaxProperties) return reader.fail("more than 65536 properties");
  }
  return reader.ok();
}

bool read_tags(CborReader& reader, std::vector<std::string>& tags) {
  CborReader::Container array;
  if (!reader.enter_array(array)) return false;
  while (reader.more(array)) {
    if (tags.size() == kMaxTags) return reader.fail("more than 1024 tags");
    if (!reader.text(tags.emplace_back())) return false;
  }
  return reader.ok();
}

bool read_member(CborReader& reader, UdtMember& member) {
  static constexpr std::string_view kKeys[] = {"name", "type_name", "offset", "size",
                                               "is_reference"};
  return read_struct(reader, kKeys, [&](std::size_t key) {
    switch (key) {
      case 0:
        return reader.text(member.name);
      case 1:
        return reader.text(member.type_name);
      case 2:
        return reader.unsigned_integer(member.offset);
      case 3:
        return reader.unsigned_integer(member.size);
      default:
        return reader.boolean(member.is_reference);
    }
  });
}

bool read_type(CborReader& reader, Udt& type, std::size_t& members_left) {
  static constexpr std::string_view kKeys[] = {"name", "size", "members", "is_reference"};
  const auto read_members = [&] {
    CborReader::Container array;
    if (!reader.enter_array(array)) return false;
    while (reader.more(array)) {
      if (members_left == 0) return reader.fail("more than 65536 members");
      --members_left;
      if (!read_member(reader, type.members.emplace_back())) return false;
    }
    return reader.ok();
  };
  return read_struct(reader, kKeys, [&](std::size_t key) {
    switch (key) {
      case 0:
        return reader.text(type.name);
      case 1:
        return reader.unsigned_integer(type.size);
      case 2:
        return read_members();
      default:
        return reader.boolean(type.is_reference);
    }
  });
}

bool read_types(CborReader& reader, std::vector<Udt>& types, std::size_t& members_left) {
  CborReader::Container array;
  if (!reader.enter_array(array)) return false;
  while (reader.more(array)) {
    if (types.size() == kMaxTypes) return reader.fail("more than 1024 types");
    if (!read_type(reader, types.emplace_back(), members_left)) return false;
  }
  return reader.ok();
}

// One half of a payload as it came; `bytes` refers to the body or to `scratch`.
struct Frame {
  std::string_view bytes;
  std::string scratch;
};

bool read_payload(CborReader& reader, Frame& dependencies, Frame& objects) {
  static constexpr std::string_view kKeys[] = {"dependencies", "objects"};
  return read_struct(reader, kKeys, [&](std::size_t key) {
    Frame& frame = key == 0 ? dependencies : objects;
    return reader.bytes(frame.bytes, frame.scratch);
  });
}

Error body_error(std::string_view request, const CborReader& reader) {
  return Error(std::string(request) + ", " + reader.error());
}

std::optional<Error> check_size(std::string_view request, std::string_view body,
                                const DecodeLimits& limits) {
  if (body.size() <= limits.body_bytes) return std::nullopt;
  return Error(std::string(request) + ": body of " + std::to_string(body.size()) +
               " bytes, the limit is " + std::to_string(limits.body_bytes));
}

}  // namespace

bool DecodedStream::has_tag(std::string_view tag) const noexcept {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

Result<DecodedProcess> decode_process(std::string_view body, const DecodeLimits& limits) {
  static constexpr std::string_view kKeys[] = {
      "process_id", "exe",         "username",          "realname",
      "computer",   "distro",      "cpu_brand",         "tsc_frequency",
      "start_time", "start_ticks", "parent_process_id", "properties"};
  if (auto error = check_size("insert_process", body, limits)) return *error;
  CborReader reader(body);
  DecodedProcess process;
  ProcessInfo& info = process.info;
  std::string* const columns[] = {&info.exe,      &info.username, &info.realname,
                                  &info.computer, &info.distro,   &info.cpu_brand};
  const bool done = read_struct(reader, kKeys, [&](std::size_t key) {
    switch (key) {
      case 0:
        return read_uuid(reader, info.process_id);
      case 7:
        return reader.integer(info.tsc_frequency);
      case 8:
        return read_time(reader, process.start_time_text, info.start_time);
      case 9:
        return reader.integer(info.start_ticks);
      case 10:
        return read_parent(reader, info.parent_process_id);
      case 11:
        return read_properties(reader, info.properties);
      default:
        return reader.text(*columns[key - 1]);
    }
  });
  if (!done) return body_error("insert_process", reader);
  return process;
}

Result<DecodedStream> decode_stream(std::string_view body, const DecodeLimits& limits) {
  static constexpr std::string_view kKeys[] = {
      "process_id", "stream_id", "dependencies_metadata", "objects_metadata", "tags", "properties"};
  if (auto error = check_size("insert_stream", body, limits)) return *error;
  CborReader reader(body);
  DecodedStream stream;
  std::size_t members_left = kMaxMembers;
  const bool done = read_struct(reader, kKeys, [&](std::size_t key) {
    switch (key) {
      case 0:
        return read_uuid(reader, stream.process_id);
      case 1:
        return read_uuid(reader, stream.stream_id);
      case 2:
        return read_types(reader, stream.dependencies_metadata, members_left);
      case 3:
        return read_types(reader, stream.objects_metadata, members_left);
      case 4:
        return read_tags(reader, stream.tags);
      default:
        return read_properties(reader, stream.properties);
    }
  });
  if (!done) return body_error("insert_stream", reader);
  return stream;
}

Result<DecodedBlock> decode_block(std::string_view body, const DecodeLimits& limits) {
  static constexpr std::string_view kKeys[] = {
      "block_id", "stream_id", "process_id", "begin_time",    "begin_ticks",
      "end_time", "end_ticks", "payload",    "object_offset", "nb_objects"};
  if (auto error = check_size("insert_block", body, limits)) return *error;
  CborReader reader(body);
  DecodedBlock block;
  Frame dependencies;
  Frame objects;
  const auto read_count = [&] {
    std::int64_t count = 0;
    if (!reader.integer(count)) return false;
    if (count < 0) return reader.fail("nb_objects is negative");
    if (count > std::numeric_limits<std::int32_t>::max()) {
      return reader.fail("nb_objects out of range");
    }
    block.event_count = static_cast<std::int32_t>(count);
    return true;
  };
  const bool done = read_struct(reader, kKeys, [&](std::size_t key) {
    switch (key) {
      case 0:
        return read_uuid(reader, block.block_id);
      case 1:
        return read_uuid(reader, block.stream_id);
      case 2:
        return read_uuid(reader, block.process_id);
      case 3:
        return read_time(reader, block.begin_time_text, block.begin_time);
      case 4:
        return reader.integer(block.begin_ticks);
      case 5:
        return read_time(reader, block.end_time_text, block.end_time);
      case 6:
        return reader.integer(block.end_ticks);
      case 7:
        return read_payload(reader, dependencies, objects);
      case 8:
        return reader.integer(block.object_offset);
      default:
        return read_count();
    }
  });
  if (!done) return body_error("insert_block", reader);

  block.dependencies_lz4 = dependencies.bytes.size();
  block.objects_lz4 = objects.bytes.size();
  auto first = decompress_frame(dependencies.bytes, limits.decompressed_bytes);
  if (!first) return Error("insert_block, dependencies: " + first.error().message());
  block.dependencies = std::move(*first);
  auto second =
      decompress_frame(objects.bytes, limits.decompressed_bytes - block.dependencies.size());
  if (!second) return Error("insert_block, objects: " + second.error().message());
  block.objects = std::move(*second);
  return block;
}

}  // namespace micromegas::wire
