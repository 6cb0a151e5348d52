#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# A test's executable: runs a program that has been linked for wasm32 (wasm/defs.bzl).

set -euo pipefail
program='%PROGRAM%'

if ! command -v node >/dev/null; then
  echo 'node is not on the PATH: run ./dev wasm, or apt-get install nodejs' >&2
  exit 1
fi
flags=()
# A script, or an archive of one and what belongs to it.
if [[ $(head -c 2 "$program") != '#!' ]]; then
  folder=$(mktemp -d "${TEST_TMPDIR:-/tmp}/program.XXXXXX")
  tar -xf "$program" -C "$folder"
  program=$(find "$folder" -name '*.js' ! -name '*.worker.js' -print -quit)
  # Older Emscriptens would load the wasm with Node's fetch, which knows no paths.
  if node --no-experimental-fetch --version >/dev/null 2>&1; then flags=(--no-experimental-fetch); fi
fi
exec node ${flags[@]+"${flags[@]}"} "$program" "$@"
