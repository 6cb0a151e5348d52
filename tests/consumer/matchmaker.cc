// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "matchmaker.h"

#include "micromegas/instrument.h"

int match(int players) {
  MM_SPAN_FN();
  const int pairs = players / 2;
  MM_INFO("{} players make {} pairs", players, pairs);
  MM_IMETRIC("pairs", "count", pairs);
  return pairs;
}
