// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Blocks of ours and of the official client's captures, changed at random from a fixed seed: the
// same cases on every machine.
#ifndef MICROMEGAS_TESTS_CONFORMANCE_MUTATE_H_
#define MICROMEGAS_TESTS_CONFORMANCE_MUTATE_H_

#include <string>
#include <vector>

namespace micromegas::conformance {

// One for `official judge` (official/src/judge.rs).
struct Case {
  char kind = 'b';  // 's': the stream of what follows, 'b': a block, 'r': its records
  bool mutated = false;
  std::string name;          // for messages: where it comes from and its number
  std::string body;          // 's', 'b'
  std::string dependencies;  // 'r': not compressed
  std::string objects;
  // The records as they are, under a stream that was changed: that one counts as the mutation.
  bool repeated = false;
};

// The streams and blocks as they are, and `count` mutated blocks among them.
std::vector<Case> make_cases(int count);
void write_cases(const std::vector<Case>& cases, const std::string& file);

}  // namespace micromegas::conformance

#endif  // MICROMEGAS_TESTS_CONFORMANCE_MUTATE_H_
