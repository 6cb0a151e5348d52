// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The three bodies are read as strictly, and as leniently, as the official server reads them.

#include <gtest/gtest.h>

#include <functional>

#include "micromegas/tests/wire/events.h"
#include "micromegas/tests/wire/vectors.h"

namespace micromegas::wire::testing {
namespace {

using nlohmann::json;

std::string cbor(const json& value) {
  const std::vector<std::uint8_t> bytes = json::to_cbor(value);
  return {bytes.begin(), bytes.end()};
}

json golden(std::string_view name) {
  return json::from_cbor(
      from_hex(vectors_file().at("bodies").at(std::string(name)).get<std::string>()));
}

template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "accepted" : result.error().message();
}

std::string process_outcome(const std::function<void(json&)>& change) {
  json body = golden("insert_process");
  change(body);
  return outcome(decode_process(cbor(body)));
}
std::string stream_outcome(const std::function<void(json&)>& change) {
  json body = golden("insert_stream");
  change(body);
  return outcome(decode_stream(cbor(body)));
}
std::string block_outcome(const std::function<void(json&)>& change) {
  json body = golden("insert_block");
  change(body);
  return outcome(decode_block(cbor(body)));
}

// The same body with containers and texts of indefinite length, as Unreal's encoder writes them.
std::string indefinite(const json& value) {
  if (value.is_object()) {
    std::string out = "\xbf";
    for (const auto& [key, member] : value.items()) out += indefinite(key) + indefinite(member);
    return out + "\xff";
  }
  if (value.is_array()) {
    std::string out = "\x9f";
    for (const json& member : value) out += indefinite(member);
    return out + "\xff";
  }
  if (value.is_string() && value.get<std::string>().size() > 1) {
    const std::string text = value;
    return "\x7f" + cbor(text.substr(0, 1)) + cbor(text.substr(1)) + "\xff";
  }
  if (value.is_binary()) {
    const std::vector<std::uint8_t> bytes = value.get_binary();
    const auto half = bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2);
    return "\x5f" + cbor(json::binary({bytes.begin(), half})) +
           cbor(json::binary({half, bytes.end()})) + "\xff";
  }
  return cbor(value);
}

TEST(Envelope, GoldenBodiesAreRead) {
  const auto process = decode_process(cbor(golden("insert_process")));
  ASSERT_TRUE(process) << process.error().message();
  EXPECT_EQ(process->info.exe, "/opt/game/game");
  EXPECT_EQ(process->info.start_ticks, 5000);
  EXPECT_EQ(process->info.start_time, 1735787045678901234);
  EXPECT_EQ(process->start_time_text, "2025-01-02T03:04:05.678901234Z");
  EXPECT_EQ(process->info.properties.at("version"), "1.2.3");
  const auto stream = decode_stream(cbor(golden("insert_stream")));
  ASSERT_TRUE(stream) << stream.error().message();
  EXPECT_TRUE(stream->has_tag("log"));
  EXPECT_FALSE(stream->has_tag("lo"));
  EXPECT_EQ(stream->dependencies_metadata.at(2).members.at(1).name, "fmt_str");
  const auto block = decode_block(cbor(golden("insert_block")));
  ASSERT_TRUE(block) << block.error().message();
  EXPECT_EQ(block->objects, vector_named("G1 ").block.objects);
  EXPECT_EQ(block->end_ticks, 10'000);
}

TEST(Envelope, EachKeyMustBeThereOnceAndOfItsType) {
  const auto check = [](std::string_view name, const auto& decode) {
    const json body = golden(name);
    for (const auto& [key, value] : body.items()) {
      SCOPED_TRACE(key);
      json without = body;
      without.erase(key);
      const std::string missing = outcome(decode(cbor(without)));
      EXPECT_NE(missing.find("key '" + key + "' is missing"), std::string::npos) << missing;

      // A map of one more entry, the first key again.
      const std::string again = std::string(1, static_cast<char>(0xa1 + body.size())) +
                                cbor(body).substr(1) + cbor(key) + cbor(value);
      const std::string twice = outcome(decode(again));
      EXPECT_NE(twice.find("key '" + key + "' comes twice"), std::string::npos) << twice;

      json wrong = body;
      wrong[key] = 1.5;
      const std::string mistyped = outcome(decode(cbor(wrong)));
      EXPECT_NE(mistyped.find(", in '" + key + "'"), std::string::npos) << mistyped;
    }
  };
  check("insert_process", [](std::string_view body) { return decode_process(body); });
  check("insert_stream", [](std::string_view body) { return decode_stream(body); });
  check("insert_block", [](std::string_view body) { return decode_block(body); });
}

TEST(Envelope, WhatDoesNotMatterIsIgnored) {
  EXPECT_EQ(process_outcome([](json& body) {
              body["more"] = {{"nested", {1, 2, json::object()}}};
            }),
            "accepted");
  EXPECT_EQ(outcome(decode_process(cbor(golden("insert_process")) + "trailing")), "accepted");
  EXPECT_EQ(outcome(decode_process("\xd9\xd9\xf7" + cbor(golden("insert_process")))), "accepted");
  EXPECT_EQ(outcome(decode_process(indefinite(golden("insert_process")))), "accepted");
  EXPECT_EQ(outcome(decode_stream(indefinite(golden("insert_stream")))), "accepted");
  const auto block = decode_block(indefinite(golden("insert_block")));
  ASSERT_TRUE(block) << block.error().message();
  EXPECT_EQ(block->objects, vector_named("G1 ").block.objects);
}

TEST(Envelope, PayloadMayBeAnArrayOfBytes) {
  json body = golden("insert_block");
  for (auto& [key, half] : body.at("payload").items()) {
    const std::vector<std::uint8_t> bytes = half.get_binary();
    half = bytes;
  }
  const auto block = decode_block(cbor(body));
  ASSERT_TRUE(block) << block.error().message();
  EXPECT_EQ(block->objects, vector_named("G1 ").block.objects);
  body.at("payload").at("objects").push_back(256);
  EXPECT_FALSE(decode_block(cbor(body)));
}

TEST(Envelope, ParentIsNullEmptyOrAnId) {
  const auto with_parent = [](const json& parent) {
    return process_outcome([&](json& body) { body["parent_process_id"] = parent; });
  };
  EXPECT_EQ(with_parent(nullptr), "accepted");
  EXPECT_EQ(with_parent(""), "accepted");
  EXPECT_EQ(with_parent("11111111-2222-4333-8444-555555555555"), "accepted");
  EXPECT_NE(with_parent("nonsense"), "accepted");
  EXPECT_NE(with_parent(0), "accepted");
}

TEST(Envelope, ValuesOutOfRangeAreRefused) {
  EXPECT_NE(process_outcome([](json& body) { body["process_id"] = "not-an-id"; }), "accepted");
  EXPECT_NE(process_outcome([](json& body) {
              body["process_id"] = json::binary({1, 2, 3});
            }),
            "accepted");
  EXPECT_NE(process_outcome([](json& body) { body["start_ticks"] = ~std::uint64_t{0}; }),
            "accepted");
  EXPECT_NE(process_outcome([](json& body) { body["properties"] = {{"k", 1}}; }), "accepted");
  EXPECT_NE(process_outcome([](json& body) { body["start_time"] = "2025-01-02 03:04"; }),
            "accepted");
  EXPECT_NE(block_outcome([](json& body) { body["nb_objects"] = -1; }), "accepted");
  EXPECT_NE(block_outcome([](json& body) { body["nb_objects"] = 0x80000000U; }), "accepted");
  EXPECT_NE(block_outcome([](json& body) { body["begin_time"] = "2025-01-02T03:04:05"; }),
            "accepted");
  EXPECT_EQ(block_outcome([](json& body) { body["begin_ticks"] = -5; }), "accepted");
  EXPECT_NE(stream_outcome([](json& body) { body["tags"] = {1}; }), "accepted");
  EXPECT_NE(stream_outcome([](json& body) { body["objects_metadata"][0].erase("size"); }),
            "accepted");
}

TEST(Envelope, PayloadMustBeTwoFrames) {
  const auto with_objects = [](std::vector<std::uint8_t> bytes) {
    return block_outcome([&](json& body) { body["payload"]["objects"] = json::binary(bytes); });
  };
  const auto frame = golden("insert_block").at("payload").at("objects").get_binary();
  EXPECT_EQ(with_objects({}),
            "insert_block, objects: no bytes where an LZ4 frame should be (an empty payload is a "
            "frame of zero bytes)");
  EXPECT_EQ(with_objects({1, 2, 3, 4, 5}),
            "insert_block, objects: not an LZ4 frame: no magic number");
  for (std::size_t size = 4; size < frame.size(); ++size) {
    EXPECT_NE(with_objects({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)}),
              "accepted")
        << size;
  }
}

TEST(Envelope, LimitsHold) {
  DecodeLimits limits;
  limits.body_bytes = 100;
  EXPECT_EQ(outcome(decode_process(cbor(golden("insert_process")), limits)),
            "insert_process: body of 267 bytes, the limit is 100");
  limits = {};
  limits.decompressed_bytes = vector_named("G1 ").block.dependencies.size();
  EXPECT_EQ(outcome(decode_block(cbor(golden("insert_block")), limits)),
            "insert_block, objects: LZ4 frame holds more than 0 bytes");
  limits.decompressed_bytes += vector_named("G1 ").block.objects.size();
  EXPECT_EQ(outcome(decode_block(cbor(golden("insert_block")), limits)), "accepted");
}

}  // namespace
}  // namespace micromegas::wire::testing
