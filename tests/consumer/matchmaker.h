// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A library of the consumer's: instrumented, and knowing nothing of programs or servers.
#ifndef CONSUMER_MATCHMAKER_H_
#define CONSUMER_MATCHMAKER_H_

// Returns how many pairs `players` give. Logs, counts and measures.
int match(int players);

#endif  // CONSUMER_MATCHMAKER_H_
