#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# check_graph.sh NAME PATTERNS FILE...: fails, and says what it found, if a line of the files matches
# one of the patterns (extended regular expressions, one a line).

set -euo pipefail
name=$1 patterns=$2
shift 2
if found=$(grep -hE -m 5 -f "$patterns" -- "$@"); then
  printf 'must not be on wasm32, and is in the graph of %s:\n%s\n' "$name" "$found" >&2
  exit 1
elif (($? > 1)); then
  exit 2
fi
