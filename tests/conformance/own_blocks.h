// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Blocks of our encoder with fixed ids and times: every type of event that it writes, also those
// that no macro records yet.
#ifndef MICROMEGAS_TESTS_CONFORMANCE_OWN_BLOCKS_H_
#define MICROMEGAS_TESTS_CONFORMANCE_OWN_BLOCKS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace micromegas::conformance {

using nlohmann::json;

struct OwnBlock {
  std::string name;
  std::string stream_body;
  std::string block_body;
  std::vector<json> rows;  // expected, as in expected.h
};

std::vector<OwnBlock> own_blocks();
// A new folder with all of them and their process, as the collector would have written it.
std::string own_folder();
// Of the process and all the blocks.
std::vector<json> own_rows();

}  // namespace micromegas::conformance

#endif  // MICROMEGAS_TESTS_CONFORMANCE_OWN_BLOCKS_H_
