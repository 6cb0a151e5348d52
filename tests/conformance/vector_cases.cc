// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/conformance/vector_cases.h"

#include <fstream>
#include <stdexcept>

#include "micromegas/tests/conformance/official.h"
#include "micromegas/transport/wire/lz4_frame.h"

namespace micromegas::conformance {
namespace {

using wire::testing::Vector;

constexpr const char* kProcess = "11111111-2222-4333-8444-555555555555";
constexpr const char* kStream = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

std::string to_text(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

json stream_of(const Vector& vector) {
  std::string tag = vector.kind;
  if (tag == "thread") tag = "cpu";
  return {{"process_id", kProcess},
          {"stream_id", kStream},
          {"dependencies_metadata", vector.raw.at("dependencies_metadata")},
          {"objects_metadata", vector.raw.at("objects_metadata")},
          {"tags", {tag}},
          {"properties", json::object()}};
}

json frame_of(const std::string& bytes) {
  wire::FrameCompressor compressor(0);
  wire::ByteBuffer frame;
  if (!compressor.compress(bytes, frame)) throw std::runtime_error("LZ4 failed");
  const std::string_view view = frame.view();
  return json::binary({view.begin(), view.end()});
}

}  // namespace

bool only_rows_refuse(const Vector& vector) {
  for (const char* name : {"B13 ", "X1a ", "X2 ", "X9 "}) {
    if (vector.name.starts_with(name)) return true;
  }
  return false;
}

std::vector<Case> vector_cases(const Vector& vector) {
  return {
      {'s', false, vector.name + "'s stream", to_text(json::to_cbor(stream_of(vector))), {}, {}},
      {'r', false, vector.name, {}, vector.block.dependencies, vector.block.objects}};
}

std::string vector_folder(const Vector& vector) {
  const std::string folder = new_folder();
  const auto write = [&](const char* file, const json& body) {
    std::ofstream(folder + file, std::ios::binary) << to_text(json::to_cbor(body));
  };
  // Ticks are nanoseconds since the epoch, and the block holds them all.
  write("/000000-process.cbor", {{"process_id", kProcess},
                                 {"exe", ""},
                                 {"username", ""},
                                 {"realname", ""},
                                 {"computer", ""},
                                 {"distro", ""},
                                 {"cpu_brand", ""},
                                 {"tsc_frequency", 1'000'000'000},
                                 {"start_time", "1970-01-01T00:00:00Z"},
                                 {"start_ticks", 0},
                                 {"parent_process_id", nullptr},
                                 {"properties", json::object()}});
  write("/000001-stream.cbor", stream_of(vector));
  write("/000002-block.cbor", {{"block_id", kStream},
                               {"stream_id", kStream},
                               {"process_id", kProcess},
                               {"begin_time", "1970-01-01T00:00:00+00:00"},
                               {"begin_ticks", 0},
                               {"end_time", "2100-01-01T00:00:00+00:00"},
                               {"end_ticks", 4'102'444'800'000'000'000},
                               {"payload",
                                {{"dependencies", frame_of(vector.block.dependencies)},
                                 {"objects", frame_of(vector.block.objects)}}},
                               {"object_offset", 0},
                               {"nb_objects", vector.raw.at("nb_objects")}});
  return folder;
}

}  // namespace micromegas::conformance
