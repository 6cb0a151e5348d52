// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/wire/vectors.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>

namespace micromegas::wire::testing {
namespace {

constexpr std::string_view kFolder = "tests/wire/data/";

std::vector<Udt> types_of(const nlohmann::json& metadata) {
  std::vector<Udt> types;
  for (const auto& type : metadata) {
    Udt& udt = types.emplace_back();
    udt.name = type.at("name");
    udt.size = type.at("size");
    udt.is_reference = type.at("is_reference");
    for (const auto& member : type.at("members")) {
      udt.members.push_back({member.at("name"), member.at("type_name"), member.at("offset"),
                             member.at("size"), member.at("is_reference")});
    }
  }
  return types;
}

std::vector<Vector> load() {
  std::vector<Vector> vectors;
  for (const nlohmann::json& file : {vectors_file(), vectors_033_file()}) {
    for (const auto& raw : file.at("vectors")) {
      Vector& vector = vectors.emplace_back();
      vector.raw = raw;
      vector.name = raw.at("name");
      vector.kind = raw.at("kind");
      vector.expect = raw.at("expect");
      vector.stream.dependencies_metadata = types_of(raw.at("dependencies_metadata"));
      vector.stream.objects_metadata = types_of(raw.at("objects_metadata"));
      vector.block.dependencies = from_hex(raw.at("dependencies").get<std::string>());
      vector.block.objects = from_hex(raw.at("objects").get<std::string>());
      vector.block.event_count = raw.at("nb_objects");
      vector.block.end_ticks = vector.block.end_time = std::numeric_limits<std::int64_t>::max();
    }
  }
  return vectors;
}

}  // namespace

std::string read_data(std::string_view name) {
  const std::string path = std::string(kFolder).append(name);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s is not there: run from the top of the tree\n", path.c_str());
    std::abort();
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 2 <= hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
    hex += digits;
  }
  return hex;
}

const std::vector<Vector>& all_vectors() {
  static const std::vector<Vector> vectors = load();
  return vectors;
}

const Vector& vector_named(std::string_view prefix) {
  for (const Vector& vector : all_vectors()) {
    if (vector.name.starts_with(prefix)) return vector;
  }
  std::fprintf(stderr, "no vector %s\n", std::string(prefix).c_str());
  std::abort();
}

nlohmann::json vectors_file() { return nlohmann::json::parse(read_data("vectors.json")); }
nlohmann::json vectors_033_file() { return nlohmann::json::parse(read_data("vectors-0.33.json")); }

DecodedProcess plain_process() {
  DecodedProcess process;
  process.info.tsc_frequency = 1'000'000'000;
  return process;
}

const std::vector<Capture>& captures() {
  static const std::vector<Capture> all = [] {
    const std::string folder = "captures/rust-0.33.0/";
    std::vector<Capture> captures;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(kFolder).append(folder))) {
      if (entry.path().extension() != ".cbor") continue;
      const std::string name = entry.path().filename();
      captures.push_back({name, read_data(folder + name)});
    }
    std::sort(captures.begin(), captures.end(),
              [](const Capture& a, const Capture& b) { return a.file < b.file; });
    return captures;
  }();
  return all;
}

}  // namespace micromegas::wire::testing
