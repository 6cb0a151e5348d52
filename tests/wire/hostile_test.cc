// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Bytes of people who mean harm, or whose disk does: an error or a value, in bounded time and
// memory. Run under the sanitizers these tests also say that nothing else happened.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "micromegas/tests/wire/exercise.h"
#include "micromegas/tests/wire/vectors.h"
#include "micromegas/transport/wire/json_lines.h"
#include "micromegas/transport/wire/lz4_frame.h"
#include "micromegas/transport/wire/rows.h"

namespace micromegas::wire::testing {
namespace {

using nlohmann::json;

std::string cbor(const json& value) {
  const std::vector<std::uint8_t> bytes = json::to_cbor(value);
  return {bytes.begin(), bytes.end()};
}

template <class... T>
std::string record(T... fields) {
  std::string out;
  const auto append = [&out](const auto& field) {
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(field)>>) {
      char bytes[sizeof field];
      std::memcpy(bytes, &field, sizeof field);
      out.append(bytes, sizeof field);
    } else {
      out.append(field);
    }
  };
  (append(fields), ...);
  return out;
}

std::string read_all(const DecodedStream& stream, const DecodedBlock& block,
                     const DecodeLimits& limits = {}) {
  std::size_t bytes = 0;
  const auto read = for_each_event(
      stream, block,
      [&](std::int64_t id, const Object& event) { bytes += event_line(block, id, event).size(); },
      limits);
  EXPECT_LE(bytes, 4 * limits.expanded_bytes);
  return read ? std::to_string(*read) + " events" : read.error().message();
}

Udt dynamic_type(std::string name) { return {std::move(name), 0, {}, false}; }

TEST(Truncated, VectorsGiveNoMoreThanAnError) {
  for (const Vector& vector : all_vectors()) {
    for (const bool objects : {false, true}) {
      DecodedBlock block = vector.block;
      std::string& part = objects ? block.objects : block.dependencies;
      while (!part.empty()) {
        part.pop_back();
        exercise_block(plain_process(), vector.stream, block);
      }
    }
  }
}

TEST(Truncated, BodiesAreRefused) {
  const json bodies = vectors_file().at("bodies");
  for (const auto& [name, hex] : bodies.items()) {
    const std::string body = from_hex(hex.get<std::string>());
    for (std::size_t size = 0; size < body.size(); ++size) {
      const std::string_view cut = std::string_view(body).substr(0, size);
      const bool accepted = name == "insert_process"  ? decode_process(cut).has_value()
                            : name == "insert_stream" ? decode_stream(cut).has_value()
                                                      : decode_block(cut).has_value();
      EXPECT_FALSE(accepted) << name << " of " << size << " bytes";
    }
  }
}

TEST(Mutated, BytesGiveAnErrorOrAValue) {
  std::mt19937 random(20'26);
  std::vector<std::string> inputs;
  std::string stream_body;
  for (const Capture& capture : captures()) {
    if (capture.file.find("process") != std::string::npos) inputs.push_back("p" + capture.body);
    if (capture.file.find("stream") != std::string::npos) inputs.push_back("s" + capture.body);
    if (capture.file.find("block") == std::string::npos) continue;
    const auto block = decode_block(capture.body);
    ASSERT_TRUE(block);
    for (const Capture& other : captures()) {
      if (other.file.find("stream") == std::string::npos) continue;
      const auto stream = decode_stream(other.body);
      ASSERT_TRUE(stream);
      if (stream->stream_id != block->stream_id) continue;
      inputs.push_back(input_of_block(other.body, capture.body));
      inputs.push_back(input_of_records(other.body, block->dependencies, block->objects));
    }
  }
  ASSERT_EQ(inputs.size(), 8U + 2 * 9U);
  for (int round = 0; round < 150; ++round) {
    for (const std::string& input : inputs) {
      std::string mutated = input;
      const std::size_t changes = 1 + random() % 3;
      for (std::size_t i = 0; i < changes; ++i) {
        mutated[1 + random() % (mutated.size() - 1)] = static_cast<char>(random());
      }
      exercise_input(mutated);
    }
  }
  for (int round = 0; round < 4000; ++round) {
    const Vector& vector = all_vectors()[random() % all_vectors().size()];
    DecodedBlock block = vector.block;
    DecodedStream stream = vector.stream;
    std::string& part =
        random() % 2 == 0 && !block.objects.empty() ? block.objects : block.dependencies;
    if (part.empty()) continue;
    part[random() % part.size()] = static_cast<char>(random());
    if (random() % 2 == 0) {
      auto& types = random() % 2 == 0 ? stream.objects_metadata : stream.dependencies_metadata;
      Udt& type = types[random() % types.size()];
      if (random() % 2 == 0) type.size = random() % 64;
      if (!type.members.empty()) {
        UdtMember& member = type.members[random() % type.members.size()];
        const std::uint64_t kNumbers[] = {
            0, 1, 4, 7, 8, 16, 48, ~std::uint64_t{0}, ~std::uint64_t{0} - 7};
        (random() % 2 == 0 ? member.offset : member.size) = kNumbers[random() % 9];
        if (random() % 4 == 0) member.is_reference = !member.is_reference;
        if (random() % 4 == 0) member.type_name = types[random() % types.size()].name;
      }
    }
    exercise_block(plain_process(), stream, block);
  }
}

TEST(Nesting, OfCborCostsNoStack) {
  for (const std::string_view piece :
       {"\x81", "\x9f", "\xbf\x61k", "\xd9\x01\x02", "\xa1\x61k", "\x5f", "\x7f"}) {
    std::string deep = "\xbf\x61x";  // the value of a key that nobody knows
    for (int i = 0; i < 3'000'000; ++i) deep += piece;
    EXPECT_FALSE(decode_process(deep));
    EXPECT_FALSE(decode_stream(deep));
    EXPECT_FALSE(decode_block(deep));
    deep.erase(0, 3);
    EXPECT_FALSE(decode_process(deep));
  }
}

TEST(Announced, SizesAreNotBelieved) {
  const std::string huge_map("\xbb\xff\xff\xff\xff\xff\xff\xff\xff", 9);
  const std::string huge_text("\xa1\x7b\x7f\xff\xff\xff\xff\xff\xff\xff", 10);
  const std::string huge_array("\xa1\x61x\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
  for (const std::string& body : {huge_map, huge_text, huge_array}) {
    EXPECT_FALSE(decode_process(body));
    EXPECT_FALSE(decode_stream(body));
    EXPECT_FALSE(decode_block(body));
  }
}

TEST(Counts, OfNamesAndTypesAreBounded) {
  json stream = {{"process_id", std::string(32, '1')},
                 {"stream_id", std::string(32, '1')},
                 {"dependencies_metadata", json::array()},
                 {"objects_metadata", json::array()},
                 {"tags", json::array()},
                 {"properties", json::object()}};
  ASSERT_TRUE(decode_stream(cbor(stream)));
  json many_types = stream;
  for (int i = 0; i < 1025; ++i) {
    many_types["objects_metadata"].push_back(
        {{"name", "t"}, {"size", 0}, {"members", json::array()}, {"is_reference", false}});
  }
  EXPECT_FALSE(decode_stream(cbor(many_types)));
  json many_tags = stream;
  for (int i = 0; i < 1025; ++i) many_tags["tags"].push_back("t");
  EXPECT_FALSE(decode_stream(cbor(many_tags)));
  json many_properties = stream;
  for (int i = 0; i < 65'537; ++i) many_properties["properties"]["k" + std::to_string(i)] = "";
  EXPECT_FALSE(decode_stream(cbor(many_properties)));
}

TEST(Bomb, OfLz4IsCutShort) {
  FrameCompressor compressor(0);
  ByteBuffer frame;
  ASSERT_TRUE(compressor.compress(std::string(std::size_t{64} << 20, '\0'), frame));
  EXPECT_LT(frame.size(), std::size_t{1} << 20);
  const auto refused = decompress_frame(frame.view(), 1 << 20);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "LZ4 frame holds more than 1048576 bytes");
  EXPECT_EQ(decompress_frame(frame.view(), std::size_t{64} << 20)->size(), std::size_t{64} << 20);
}

// A record of two bytes with thousands of members.
TEST(Bomb, OfMembersIsCutShort) {
  DecodedStream stream;
  Udt& type = stream.objects_metadata.emplace_back();
  type.name = "Wide";
  type.size = 1;
  for (int i = 0; i < 4000; ++i) type.members.push_back({"m", "u8", 0, 1, false});
  DecodedBlock block;
  block.objects.assign(2'000'000, '\0');
  EXPECT_NE(read_all(stream, block, kSmallLimits).find("expand to more than 1048576 bytes"),
            std::string::npos);
  type.members.resize(4097, type.members.front());
  EXPECT_NE(read_all(stream, block).find("more values in a record"), std::string::npos);
}

// Each descriptor names the one before twice: written out, the last is 2^30 objects.
TEST(Bomb, OfReferencesIsCutShort) {
  DecodedStream stream;
  Udt& node = stream.dependencies_metadata.emplace_back();
  node.name = "Node";
  node.size = 24;
  node.members = {{"id", "u64", 0, 8, false}, {"a", "u64", 8, 8, true}, {"b", "u64", 16, 8, true}};
  Udt& leaf = stream.dependencies_metadata.emplace_back();
  leaf.name = "Leaf";
  leaf.size = 8;
  leaf.members = {{"id", "u64", 0, 8, false}};
  Udt& event = stream.objects_metadata.emplace_back();
  event.name = "E";
  event.size = 8;
  event.members = {{"desc", "u64", 0, 8, true}};
  DecodedBlock block;
  block.dependencies = record('\1', std::uint64_t{1});
  for (std::uint64_t id = 2; id < 14; ++id) block.dependencies += record('\0', id, id - 1, id - 1);
  block.objects = record('\0', std::uint64_t{13});
  EXPECT_EQ(read_all(stream, block), "1 events");
  for (int i = 0; i < 10; ++i) block.objects += block.objects.substr(0, 9);
  EXPECT_NE(read_all(stream, block, kSmallLimits).find("expand to more"), std::string::npos);
  for (std::uint64_t id = 14; id < 40; ++id) block.dependencies += record('\0', id, id - 1, id - 1);
  EXPECT_NE(read_all(stream, block).find("too deeply"), std::string::npos);
}

// One text of 100 KB, named by many events of 9 bytes.
TEST(Bomb, OfRepeatedTextIsCutShort) {
  DecodedStream stream;
  stream.dependencies_metadata = {dynamic_type("StaticString")};
  Udt& event = stream.objects_metadata.emplace_back();
  event.name = "E";
  event.size = 8;
  event.members = {{"text", "u64", 0, 8, true}};
  DecodedBlock block;
  block.dependencies =
      record('\0', std::uint32_t{100'008}, std::uint64_t{1}, std::string(100'000, 'x'));
  for (int i = 0; i < 1000; ++i) block.objects += record('\0', std::uint64_t{1});
  EXPECT_NE(read_all(stream, block, kSmallLimits).find("expand to more"), std::string::npos);
}

TEST(Bomb, OfTemplatesIsCutShort) {
  const Vector& vector = vector_named("N2 ");
  DecodedStream stream = vector.stream;
  std::string format;
  for (int i = 0; i < 20'000; ++i) format += "{k}";
  const std::string value(20'000, 'v');
  const auto string = [](std::uint64_t id, const std::string& text) {
    return record('\0', static_cast<std::uint32_t>(13 + text.size()), id, '\2',
                  static_cast<std::uint32_t>(text.size()), text);
  };
  DecodedBlock block;
  block.dependencies = string(1, format) + string(2, "target") + string(3, "k") + string(4, value) +
                       record('\1', std::uint64_t{5}, std::uint64_t{1}, std::uint64_t{2}, '\4') +
                       record('\2', std::uint32_t{28}, std::uint64_t{6}, std::uint32_t{1},
                              std::uint64_t{3}, std::uint64_t{4});
  const char type = vector.block.objects.front();
  block.objects = record(type, std::uint64_t{5}, std::uint64_t{6}, std::int64_t{0});
  const auto read = for_each_log_row(
      plain_process(), stream, block, [](const LogRow&) { ADD_FAILURE(); }, kSmallLimits);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message().find("messages expand to more"), std::string::npos)
      << read.error().message();
}

TEST(Bomb, OfTinyDependenciesIsCutShort) {
  DecodedStream stream;
  stream.dependencies_metadata = {dynamic_type("StaticString")};
  DecodedBlock block;
  for (std::uint64_t id = 0; id < 50'000; ++id) {
    block.dependencies += record('\0', std::uint32_t{8}, id);
  }
  EXPECT_NE(read_all(stream, block, kSmallLimits).find("of memory"), std::string::npos);
  EXPECT_EQ(read_all(stream, block), "0 events");
}

TEST(Types, ThatContainThemselvesAreRefused) {
  DecodedStream stream;
  stream.objects_metadata = {{"A", 8, {{"b", "B", 0, 8, false}}, false},
                             {"B", 8, {{"a", "A", 0, 8, false}}, false}};
  DecodedBlock block;
  block.objects = record('\0', std::uint64_t{0});
  EXPECT_NE(read_all(stream, block).find("contains it"), std::string::npos);
}

TEST(Types, AreCheckedOnlyWhenARecordUsesThem) {
  DecodedStream stream;
  stream.objects_metadata = {{"Bad", 8, {{"m", "i32", 0, 4, false}}, false},
                             {"Good", 8, {{"m", "u64", 0, 8, false}}, false}};
  DecodedBlock block;
  block.objects = record('\1', std::uint64_t{0});
  EXPECT_EQ(read_all(stream, block), "1 events");
  block.objects += record('\0', std::uint64_t{0});
  EXPECT_NE(read_all(stream, block).find("unknown type 'i32'"), std::string::npos);
}

TEST(Types, WithMembersOutsideOfTheirRecordAreRefused) {
  const std::uint64_t kAll = ~std::uint64_t{0};
  const UdtMember kMembers[] = {{"m", "u64", 1, 8, false},       {"m", "u64", kAll, 8, false},
                                {"m", "u64", kAll - 3, 8, true}, {"m", "u64", 0, kAll, true},
                                {"m", "u64", 0, 4, false},       {"m", "u64", 0, 7, true},
                                {"m", "bool", 0, 1, false}};
  for (const UdtMember& member : kMembers) {
    DecodedStream stream;
    stream.objects_metadata = {{"T", 8, {member}, false}};
    DecodedBlock block;
    block.objects = record('\0', std::uint64_t{0});
    EXPECT_NE(read_all(stream, block).find("type 'T': member 'm'"), std::string::npos)
        << read_all(stream, block);
  }
}

TEST(Errors, StayShortWhateverTheNames) {
  DecodedStream stream;
  stream.objects_metadata = {
      {std::string(1 << 20, 'n'), 8, {{std::string(1 << 20, 'm'), "?", 0, 8, false}}, false}};
  DecodedBlock block;
  block.objects = record('\0', std::uint64_t{0});
  EXPECT_LT(read_all(stream, block).size(), 1000U);
}

}  // namespace
}  // namespace micromegas::wire::testing
