#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# What Bazel calls to compile and to link. A program becomes one file: a script for Node, with the
# wasm in it. With the link option -sSINGLE_FILE=0 it becomes a tar archive of NAME.js, NAME.wasm and
# what else Emscripten writes: Bazel wants one output a link. emsdk's toolchain does the same.

set -euo pipefail

if ! command -v em++ >/dev/null; then
  echo 'em++ is not on the PATH: run ./dev wasm, or apt-get install emscripten; or register another toolchain for wasm32 before this one' >&2
  exit 1
fi
# Where Debian keeps acorn, which optimised links need.
export NODE_PATH=${NODE_PATH:+$NODE_PATH:}/usr/share/nodejs

# The arguments may be in files: @FILE.
arguments=()
for argument in "$@"; do
  if [[ $argument == @?* && -r ${argument#@} ]]; then
    mapfile -t lines <"${argument#@}"
    arguments+=("${lines[@]}")
  else
    arguments+=("$argument")
  fi
done

output='' compiles='' single=-sSINGLE_FILE=1
for ((i = 0; i < ${#arguments[@]}; ++i)); do
  case ${arguments[i]} in
    -c | -S | -E | -fsyntax-only) compiles=1 ;;
    -o) output=${arguments[i + 1]-} ;;
    -sSINGLE_FILE | -sSINGLE_FILE=*) single=${arguments[i]} ;;
  esac
done

if [[ -n $compiles || -z $output ]]; then exec emcc "$@"; fi

# emcc chooses by the name's ending what it makes.
folder=$(mktemp -d "$(dirname "$output")/link.XXXXXX")
trap 'rm -rf "$folder"' EXIT
script=$folder/$(basename "$output").js
em++ "$@" "$single" -o "$script"
if [[ $single == *=0 ]]; then
  tar -cf "$output" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$folder" .
else
  { echo '#!/usr/bin/env node' && cat "$script"; } >"$output"
  chmod +x "$output"
fi
