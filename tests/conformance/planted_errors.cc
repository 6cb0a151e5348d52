// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/conformance/planted_errors.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace micromegas::conformance {
namespace {

constexpr std::size_t kId = 0;          // of every dependency
constexpr std::size_t kDesc = 0;        // of every event with a descriptor
constexpr std::size_t kTextCodec = 16;  // of LogStringEventV2, then the length
constexpr std::size_t kTextLength = 17;

template <class Accept>
Record& record_where(std::vector<Record>& records, Accept accept) {
  const auto found = std::find_if(records.begin(), records.end(), accept);
  if (found == records.end()) throw std::out_of_range("no such record");
  return *found;
}

// The first block that has such a dependency or event, and the record.
struct Place {
  EditableBlock& block;
  std::vector<Record>& half;
  Record& record;

  void erase() const { half.erase(half.begin() + (&record - half.data())); }
};

template <class Accept>
Place place_where(EditableFolder& folder, const std::string& tag, Accept accept) {
  for (EditableBlock& block : folder.blocks(tag)) {
    for (auto* half : {&block.dependencies, &block.objects}) {
      for (Record& record : *half) {
        if (accept(record)) return {block, *half, record};
      }
    }
  }
  throw std::out_of_range("no such record in " + tag);
}

Place first(EditableFolder& folder, const std::string& tag, const std::string& type) {
  return place_where(folder, tag, [&](const Record& record) { return record.type == type; });
}

void swap_offsets(EditableFolder& folder, const std::string& tag, const std::string& type,
                  const std::string& a, const std::string& b) {
  std::swap(folder.member(tag, type, a)["offset"], folder.member(tag, type, b)["offset"]);
}

bool is_string(const Record& record) { return record.type == "StaticStringDependency"; }

// --- still decode, but say something else ---

void swap_levels(EditableFolder& folder) {
  Record& desc = first(folder, "log", "LogDesc").record;
  const std::size_t level = folder.offset("log", "LogDesc", "level");
  desc.set<std::uint8_t>(level, desc.get<std::uint8_t>(level) == 1 ? 2 : 1);
}

void swap_members(EditableFolder& folder) {
  swap_offsets(folder, "log", "LogDesc", "fmt_str", "target");
}

void take_a_string_of_another_block(EditableFolder& folder) {
  auto& blocks = folder.blocks("log");
  for (Record& mine : blocks[0].dependencies) {
    for (const Record& other : blocks[1].dependencies) {
      if (!is_string(mine) || !is_string(other) || mine.body == other.body) continue;
      if (mine.get<std::uint64_t>(kId) != other.get<std::uint64_t>(kId)) continue;
      mine.body = other.body;
      return;
    }
  }
  throw std::out_of_range("both blocks have the same strings");
}

void drop_an_end(EditableFolder& folder) {
  first(folder, "cpu", "EndThreadSpanEvent").erase();
  folder.renumber("cpu");
}

void drop_a_begin(EditableFolder& folder) {
  first(folder, "cpu", "BeginThreadNamedSpanEvent").erase();
  folder.renumber("cpu");
}

void take_another_descriptor(EditableFolder& folder) {
  const Place event = first(folder, "log", "LogStringEventV2");
  const auto own = event.record.get<std::uint64_t>(kDesc);
  const Record& other = record_where(event.block.dependencies, [&](const Record& record) {
    return record.type == "LogDesc" && record.get<std::uint64_t>(kId) != own;
  });
  event.record.set(kDesc, other.get<std::uint64_t>(kId));
}

void reverse_a_value(EditableFolder& folder) {
  const std::size_t value = folder.offset("metrics", "IntegerMetricEvent", "value");
  const Place event = place_where(folder, "metrics", [&](const Record& record) {
    return record.type == "IntegerMetricEvent" && record.get<std::uint64_t>(value) == 1;
  });
  event.record.set(value, __builtin_bswap64(event.record.get<std::uint64_t>(value)));
}

void send_a_relative_time(EditableFolder& folder) {
  const std::size_t time = folder.offset("metrics", "FloatMetricEvent", "time");
  Record& event = first(folder, "metrics", "FloatMetricEvent").record;
  const auto start = folder.process().at("start_ticks").get<std::int64_t>();
  event.set(time, event.get<std::int64_t>(time) - start);
}

void swap_name_and_value(EditableFolder& folder) {
  swap_offsets(folder, "log", "Property", "name", "value");
}

void send_an_event_twice(EditableFolder& folder) {
  const Place event = first(folder, "log", "LogStringInteropEventV3");
  event.half.insert(event.half.begin() + (&event.record - event.half.data()), Record(event.record));
  folder.renumber("log");
}

void lose_an_event(EditableFolder& folder) {
  first(folder, "metrics", "TaggedFloatMetricEvent").erase();
  folder.renumber("metrics");
}

void change_an_image(EditableFolder& folder) {
  std::string& image = first(folder, "image", "ImageEvent").record.body;
  image.back() = static_cast<char>(image.back() ^ 1);
}

void swap_id_and_parent(EditableFolder& folder) {
  swap_offsets(folder, "cpu", "BeginAsyncNamedSpanEvent", "span_id", "parent_span_id");
}

void miscount_a_line(EditableFolder& folder) {
  Record& desc = first(folder, "cpu", "SpanDesc").record;
  const std::size_t line = folder.offset("cpu", "SpanDesc", "line");
  desc.set(line, desc.get<std::uint32_t>(line) + 1);
}

void swap_two_events(EditableFolder& folder) {
  for (EditableBlock& block : folder.blocks("log")) {
    for (std::size_t i = 1; i < block.objects.size(); ++i) {
      Record& a = block.objects[i - 1];
      Record& b = block.objects[i];
      if (a.type != "LogStringEventV2" || b.type != a.type) continue;
      if (a.get<std::uint64_t>(kDesc) != b.get<std::uint64_t>(kDesc)) continue;
      return std::swap(a, b);
    }
  }
  throw std::out_of_range("no two events of one call site");
}

void call_an_integer_a_float(EditableFolder& folder) {
  // Not the 0: its bits are those of 0.0.
  const std::size_t value = folder.offset("metrics", "IntegerMetricEvent", "value");
  const Place event = place_where(folder, "metrics", [&](const Record& record) {
    return record.type == "IntegerMetricEvent" && record.get<std::uint64_t>(value) != 0;
  });
  event.record.type = "FloatMetricEvent";
}

void start_the_clock_late(EditableFolder& folder) {
  json& start = folder.process()["start_ticks"];
  start = start.get<std::int64_t>() + 50'000'000;
}

void begin_a_block_late(EditableFolder& folder) {
  json& envelope = folder.blocks("cpu").front().envelope;
  envelope["begin_ticks"] = envelope["end_ticks"];
  envelope["begin_time"] = envelope["end_time"];
}

void take_another_codec(EditableFolder& folder) {
  const Place event = place_where(folder, "log", [](const Record& record) {
    return record.type == "LogStringEventV2" && record.get<std::uint32_t>(kTextLength) % 2 == 0 &&
           record.get<std::uint32_t>(kTextLength) > 0;
  });
  event.record.set<std::uint8_t>(kTextCodec, 1);  // UTF-16
}

void count_one_too_many(EditableFolder& folder) {
  json& count = folder.blocks("log").front().envelope["nb_objects"];
  count = count.get<int>() + 1;
}

void forget_what_came_before(EditableFolder& folder) {
  folder.blocks("metrics").at(1).envelope["object_offset"] = 0;
}

void let_blocks_overlap(EditableFolder& folder) {
  json& envelope = folder.blocks("cpu").at(1).envelope;
  envelope["begin_ticks"] = envelope["begin_ticks"].get<std::int64_t>() - 1;
}

// --- cannot be decoded, or hide the block from every view ---

void use_an_id_twice(EditableFolder& folder) {
  auto& dependencies = folder.blocks("log").front().dependencies;
  dependencies[1].set(kId, dependencies[0].get<std::uint64_t>(kId));
}

void leave_a_string_out(EditableFolder& folder) {
  auto& dependencies = folder.blocks("metrics").front().dependencies;
  dependencies.erase(dependencies.begin());
}

void send_a_string_after_its_use(EditableFolder& folder) {
  auto& dependencies = folder.blocks("cpu").front().dependencies;
  std::rotate(dependencies.begin(), dependencies.begin() + 1, dependencies.end());
}

void cut_a_record(EditableFolder& folder) {
  folder.blocks("metrics").front().objects.back().body.pop_back();
}

void take_a_type_that_is_not_there(EditableFolder& folder) {
  folder.blocks("cpu").front().objects.front().type = "NoSuchEvent";
}

void take_a_codec_that_is_not_there(EditableFolder& folder) {
  first(folder, "log", "LogStringEventV2").record.set<std::uint8_t>(kTextCodec, 3);
}

void announce_more_text(EditableFolder& folder) {
  Record& event = first(folder, "log", "LogStringEventV2").record;
  event.set(kTextLength, event.get<std::uint32_t>(kTextLength) + 1);
}

void send_no_frame(EditableFolder& folder) {
  folder.blocks("metrics").front().no_dependencies = true;
}

void leave_a_key_out(EditableFolder& folder) { folder.process().erase("parent_process_id"); }

// As a client of another release would.
void rename_a_type(EditableFolder& folder) {
  folder.type("log", "LogStringEventV2")["name"] = "LogStringEventV9";
}

void call_a_property_level(EditableFolder& folder) {
  const Place string = place_where(folder, "log", [](const Record& record) {
    return is_string(record) && record.body.substr(13) == "color";
  });
  string.record.body.replace(13, 5, "level");
}

}  // namespace

const std::vector<PlantedError>& planted_errors() {
  constexpr Reads kClean = Reads::kCleanly;
  constexpr Reads kNot = Reads::kNotAtAll;
  constexpr Found kBoth = Found::kAtBoth;
  constexpr Found kParser = Found::kByTheParserOnly;
  static const std::vector<PlantedError> errors = {
      {"two levels swapped", kClean, kBoth, swap_levels},
      {"the offsets of two members swapped", kClean, kBoth, swap_members},
      {"a string of another block", kClean, kBoth, take_a_string_of_another_block},
      {"a begin without its end", kClean, kBoth, drop_an_end},
      {"an end without its begin", kClean, kBoth, drop_a_begin},
      {"the descriptor of another call site", kClean, kBoth, take_another_descriptor},
      {"a value in the wrong byte order", kClean, kBoth, reverse_a_value},
      {"a time relative to the start", kClean, kBoth, send_a_relative_time},
      {"name and value of a property swapped", kClean, kBoth, swap_name_and_value},
      {"an event sent twice", kClean, kBoth, send_an_event_twice},
      {"an event lost", kClean, kBoth, lose_an_event},
      {"id and parent of a span swapped", kClean, kBoth, swap_id_and_parent},
      {"a bit of an image", kClean, kBoth, change_an_image},
      {"a line off by one", kClean, kBoth, miscount_a_line},
      {"two events in the wrong order", kClean, kBoth, swap_two_events},
      {"an integer called a float", kClean, kBoth, call_an_integer_a_float},
      {"a clock that started later", kClean, kBoth, start_the_clock_late},
      {"a block that begins behind its events", kClean, kBoth, begin_a_block_late},
      {"a text in another codec", kClean, kBoth, take_another_codec},
      {"a property called level", kClean, kBoth, call_a_property_level},
      {"a count that is one too high", kClean, kParser, count_one_too_many},
      {"an object_offset that starts again", kClean, kParser, forget_what_came_before},
      {"blocks of a thread that overlap", kClean, kParser, let_blocks_overlap},
      {"an id used twice", kNot, kBoth, use_an_id_twice},
      {"a string left out", kNot, kBoth, leave_a_string_out},
      {"a string after its use", kNot, kBoth, send_a_string_after_its_use},
      {"a record cut short", kNot, kBoth, cut_a_record},
      {"a type that is not there", kNot, kBoth, take_a_type_that_is_not_there},
      {"a codec that is not there", kNot, kBoth, take_a_codec_that_is_not_there},
      {"a text that is announced too long", kNot, kBoth, announce_more_text},
      {"no bytes for an empty half", kNot, kBoth, send_no_frame},
      {"a key left out", kNot, kBoth, leave_a_key_out},
      {"a type of another release", kNot, kBoth, rename_a_type},
  };
  return errors;
}

}  // namespace micromegas::conformance
