// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a log's argument is, once the call site has taken it.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_ARG_TYPE_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_ARG_TYPE_H_

#include <cstdint>

namespace micromegas::queue {

// Types of log arguments, in the order of a descriptor's argument list.
enum class ArgType : std::uint8_t {
  kBool = 1,
  kChar,
  kInt64,
  kUint64,
  kFloat,
  kDouble,
  kPointer,
  kString,
  kFormatted,  // a string that a user's formatter made at the call site: the spec is already
               // applied
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_ARG_TYPE_H_
