// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The golden vectors and captured requests of data/, ready for the decoder.
#ifndef MICROMEGAS_TESTS_WIRE_VECTORS_H_
#define MICROMEGAS_TESTS_WIRE_VECTORS_H_

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/transport/wire/decode.h"

namespace micromegas::wire::testing {

// A file of tests/wire/data.
std::string read_data(std::string_view name);

std::string from_hex(std::string_view hex);
std::string to_hex(std::string_view bytes);

struct Vector {
  std::string name;
  std::string kind;    // "log", "metrics", "thread"
  std::string expect;  // "ok" or "error"
  DecodedStream stream;
  DecodedBlock block;  // begin 0, end far away
  nlohmann::json raw;  // everything that the file says of it
};

// All of vectors.json and vectors-0.33.json.
const std::vector<Vector>& all_vectors();
const Vector& vector_named(std::string_view prefix);

nlohmann::json vectors_file();      // vectors.json
nlohmann::json vectors_033_file();  // vectors-0.33.json

// A process whose ticks are nanoseconds since the epoch.
DecodedProcess plain_process();

// The captured request bodies, sorted by file name.
struct Capture {
  std::string file;
  std::string body;
};
const std::vector<Capture>& captures();

}  // namespace micromegas::wire::testing

#endif  // MICROMEGAS_TESTS_WIRE_VECTORS_H_
