// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Gives hostile bytes to everything that reads them. The result does not matter, only that there is
// one.
#ifndef MICROMEGAS_TESTS_WIRE_EXERCISE_H_
#define MICROMEGAS_TESTS_WIRE_EXERCISE_H_

#include <string>
#include <string_view>

#include "micromegas/transport/wire/decode.h"

namespace micromegas::wire::testing {

// Small enough that a thousand runs take a second.
inline constexpr DecodeLimits kSmallLimits{
    .body_bytes = 1 << 20, .decompressed_bytes = 1 << 20, .expanded_bytes = 1 << 20};

// Reads the events of a block in every way that there is.
void exercise_block(const DecodedProcess& process, const DecodedStream& stream,
                    const DecodedBlock& block);

// The input of the fuzzer: a byte that says which kind follows.
//   'p' body of insert_process          's' body of insert_stream
//   'b' length (u32) and body of insert_stream, body of insert_block
//   'r' length and body of insert_stream, length and bytes of dependencies, bytes of objects
void exercise_input(std::string_view input);
std::string input_of_block(std::string_view stream_body, std::string_view block_body);
std::string input_of_records(std::string_view stream_body, std::string_view dependencies,
                             std::string_view objects);

}  // namespace micromegas::wire::testing

#endif  // MICROMEGAS_TESTS_WIRE_EXERCISE_H_
