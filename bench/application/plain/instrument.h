// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Stands under the name of micromegas/instrument.h for a program without instrumentation: the
// arguments are looked at by the compiler and evaluated by nobody.
#ifndef MICROMEGAS_BENCH_APPLICATION_PLAIN_INSTRUMENT_H_
#define MICROMEGAS_BENCH_APPLICATION_PLAIN_INSTRUMENT_H_

namespace micromegas::plain {
template <class... Args>
void ignore(const Args&... /*args*/) {}
}  // namespace micromegas::plain

#define MICROMEGAS_PLAIN_(...)                                     \
  do {                                                             \
    if constexpr (false) ::micromegas::plain::ignore(__VA_ARGS__); \
  } while (false)

#define MM_INFO(...) MICROMEGAS_PLAIN_(__VA_ARGS__)
#define MM_INFO_T(...) MICROMEGAS_PLAIN_(__VA_ARGS__)
#define MM_DEBUG_T(...) MICROMEGAS_PLAIN_(__VA_ARGS__)
#define MM_WARN_T(...) MICROMEGAS_PLAIN_(__VA_ARGS__)
#define MM_IMETRIC_T(...) MICROMEGAS_PLAIN_(__VA_ARGS__)
#define MM_FMETRIC_T(...) MICROMEGAS_PLAIN_(__VA_ARGS__)
#define MM_SPAN(...) MICROMEGAS_PLAIN_(__VA_ARGS__)
#define MM_SPAN_FN(...) MICROMEGAS_PLAIN_(__VA_ARGS__)

#endif  // MICROMEGAS_BENCH_APPLICATION_PLAIN_INSTRUMENT_H_
