// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/json_lines.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <vector>

namespace micromegas::wire {
namespace {

// Appends one value after the other; the caller gives keys in sorted order.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void open(char bracket) {
    separate();
    out_.push_back(bracket);
    first_ = true;
  }
  void close(char bracket) {
    out_.push_back(bracket);
    first_ = false;
  }
  void key(std::string_view key) {
    text(key);
    out_.append(": ");
    first_ = true;  // its value follows without a comma
  }
  void text(std::string_view text) {
    separate();
    out_.push_back('"');
    for (const char c : text) escape(c);
    out_.push_back('"');
  }
  void raw(std::string_view json) {
    separate();
    out_.append(json);
  }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  template <class Integer>
  void integer(Integer value) {
    raw(std::to_string(value));
  }
  void number(double value) {
    if (std::isnan(value)) return text("NaN");
    if (std::isinf(value)) return text(value > 0 ? "inf" : "-inf");
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    std::string_view shown(digits, static_cast<std::size_t>(end - digits));
    raw(shown);
    if (shown.find_first_of(".e") == std::string_view::npos) out_.append(".0");
  }
  void hexadecimal(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    separate();
    out_.push_back('"');
    for (const char c : bytes) {
      out_.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
      out_.push_back(kDigits[static_cast<unsigned char>(c) & 15U]);
    }
    out_.push_back('"');
  }

 private:
  void separate() {
    if (!first_) out_.append(", ");
    first_ = false;
  }
  void escape(char c) {
    switch (c) {
      case '"':
        out_.append("\\\"");
        return;
      case '\\':
        out_.append("\\\\");
        return;
      case '\n':
        out_.append("\\n");
        return;
      case '\r':
        out_.append("\\r");
        return;
      case '\t':
        out_.append("\\t");
        return;
      case '\b':
        out_.append("\\b");
        return;
      case '\f':
        out_.append("\\f");
        return;
      default:
        break;
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out_.append(code);
    } else {
      out_.push_back(c);
    }
  }

  std::string& out_;
  bool first_ = true;
};

void write(JsonWriter& json, const Object& object);

void write(JsonWriter& json, const Value& value) {
  struct Visitor {
    JsonWriter& json;
    void operator()(std::uint8_t number) { json.integer(unsigned{number}); }
    void operator()(std::uint32_t number) { json.integer(number); }
    void operator()(std::uint64_t number) { json.integer(number); }
    void operator()(std::int64_t number) { json.integer(number); }
    void operator()(double number) { json.number(number); }
    void operator()(std::string_view text) { json.text(text); }
    void operator()(Bytes bytes) { json.hexadecimal(bytes.data); }
    void operator()(const Object* object) { write(json, *object); }
  };
  std::visit(Visitor{json}, value);
}

// Nesting is bounded by the reader. Of a repeated name the last value is shown, and a member called
// "type" in place of the type.
void write(JsonWriter& json, const Object& object) {
  const Value type(object.type);
  struct Entry {
    std::string_view name;
    const Value* value;
  };
  std::vector<Entry> entries;
  entries.reserve(object.members.size() + 1);
  entries.push_back({"type", &type});
  for (const Member& member : object.members) entries.push_back({member.name, &member.value});
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.name < b.name; });
  json.open('{');
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + 1 < entries.size() && entries[i + 1].name == entries[i].name) continue;
    json.key(entries[i].name);
    write(json, *entries[i].value);
  }
  json.close('}');
}

void write(JsonWriter& json, const PropertyMap& properties) {
  json.open('{');
  for (const auto& [name, value] : properties) {
    json.key(name);
    json.text(value);
  }
  json.close('}');
}

void write(JsonWriter& json, const std::vector<std::string>& texts) {
  json.open('[');
  for (const std::string& text : texts) json.text(text);
  json.close(']');
}

void write(JsonWriter& json, const std::vector<Udt>& types) {
  json.open('[');
  for (const Udt& type : types) {
    json.open('{');
    json.key("is_reference");
    json.boolean(type.is_reference);
    json.key("members");
    json.open('[');
    for (const UdtMember& member : type.members) {
      json.open('{');
      json.key("is_reference");
      json.boolean(member.is_reference);
      json.key("name");
      json.text(member.name);
      json.key("offset");
      json.integer(member.offset);
      json.key("size");
      json.integer(member.size);
      json.key("type_name");
      json.text(member.type_name);
      json.close('}');
    }
    json.close(']');
    json.key("name");
    json.text(type.name);
    json.key("size");
    json.integer(type.size);
    json.close('}');
  }
  json.close(']');
}

// {"<kind>": { ... }}
template <class Fields>
std::string line(std::string_view kind, Fields fields) {
  std::string out;
  JsonWriter json(out);
  json.open('{');
  json.key(kind);
  json.open('{');
  fields(json);
  json.close('}');
  json.close('}');
  return out;
}

void write_text(JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  json.text(text);
}

template <class Integer>
void write_integer(JsonWriter& json, std::string_view key, Integer value) {
  json.key(key);
  json.integer(value);
}

}  // namespace

std::string process_line(const DecodedProcess& process) {
  return line("process", [&](JsonWriter& json) {
    const ProcessInfo& info = process.info;
    write_text(json, "computer", info.computer);
    write_text(json, "cpu_brand", info.cpu_brand);
    write_text(json, "distro", info.distro);
    write_text(json, "exe", info.exe);
    json.key("parent_process_id");
    if (info.parent_process_id.has_value()) {
      json.text(info.parent_process_id->to_string());
    } else {
      json.raw("null");
    }
    write_text(json, "process_id", info.process_id.to_string());
    json.key("properties");
    write(json, info.properties);
    write_text(json, "realname", info.realname);
    write_integer(json, "start_ticks", info.start_ticks);
    write_text(json, "start_time", process.start_time_text);
    write_integer(json, "tsc_frequency", info.tsc_frequency);
    write_text(json, "username", info.username);
  });
}

std::string stream_line(const DecodedStream& stream, std::string_view file) {
  return line("stream", [&](JsonWriter& json) {
    json.key("dependencies_metadata");
    write(json, stream.dependencies_metadata);
    if (!file.empty()) write_text(json, "file", file);
    json.key("objects_metadata");
    write(json, stream.objects_metadata);
    write_text(json, "process_id", stream.process_id.to_string());
    json.key("properties");
    write(json, stream.properties);
    write_text(json, "stream_id", stream.stream_id.to_string());
    json.key("tags");
    write(json, stream.tags);
  });
}

std::string block_line(const DecodedBlock& block, const DecodedStream& stream,
                       std::string_view file) {
  return line("block", [&](JsonWriter& json) {
    write_integer(json, "begin_ticks", block.begin_ticks);
    write_text(json, "begin_time", block.begin_time_text);
    write_text(json, "block_id", block.block_id.to_string());
    write_integer(json, "deps_lz4", block.dependencies_lz4);
    write_integer(json, "deps_raw", block.dependencies.size());
    write_integer(json, "end_ticks", block.end_ticks);
    write_text(json, "end_time", block.end_time_text);
    if (!file.empty()) write_text(json, "file", file);
    write_integer(json, "nb_objects", block.event_count);
    write_integer(json, "object_offset", block.object_offset);
    write_integer(json, "objs_lz4", block.objects_lz4);
    write_integer(json, "objs_raw", block.objects.size());
    write_text(json, "process_id", block.process_id.to_string());
    write_text(json, "stream_id", block.stream_id.to_string());
    json.key("tags");
    write(json, stream.tags);
  });
}

std::string event_line(const DecodedBlock& block, std::int64_t event_id, const Object& event) {
  std::string out;
  JsonWriter json(out);
  json.open('{');
  write_text(json, "block_id", block.block_id.to_string());
  json.key("event");
  write(json, event);
  write_integer(json, "event_id", event_id);
  json.close('}');
  return out;
}

}  // namespace micromegas::wire
