#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# check_parity is red for each error that is planted into the document or the tests.

set -euo pipefail
original=$(dirname "$(readlink -f "$1")")
check=$original/tests/docs/check_parity
tree=$TEST_TMPDIR/tree failures=0
mkdir "$tree"
cd "$original"
find . -path ./.git -prune -o -path '*/target' -prune -o -type f \
  \( -path './tests/*.cc' -o -name BUILD.bazel -o -name '*.js' -o -path ./docs/parity.md \) -print0 |
  tar -c --null --files-from=- | tar -x -C "$tree"
cd "$tree"

plant() {  # WHAT-IS-SAID SED-SCRIPT [FILE]
  local file=${3-docs/parity.md}
  sed -E -i "$2" "$file"
  if cmp -s "$original/$file" "$file"; then
    echo "FAILED: nothing is planted by $2"
    failures=$((failures + 1))
  elif said=$("$check" "$tree" docs/parity.md); then
    echo "FAILED: stays green: $2"
    failures=$((failures + 1))
  elif [[ $said != "FAILED: $1" ]]; then
    printf 'FAILED: %s: is to say %s, and says\n%s\n' "$2" "$1" "$said"
    failures=$((failures + 1))
  fi
  cp "$original/$file" "$file"
}

plant 'A1 names RecordingTest.NoSuchTest, which is not there' '/^\| A1 /s/`RecordingTest\.[^`]+`/`RecordingTest.NoSuchTest`/'
plant 'N1 names //tests/docs:none, which is not there' '/^\| N1 /s,\| `.*\| *$,| `//tests/docs:none` |,'
plant 'N1 names tests/wasm/bad_days_test.js: none, which is not there' \
  '/^\| N1 /s,\| `.*\| *$,| `tests/wasm/bad_days_test.js: none` |,'
plant 'B7 is missing' '/^\| B7 /d'
plant 'NW24 is missing' '/^\| NW24 /d'
plant 'C1 is there twice' '/^\| C1 /p'
plant 'C2 has not four cells' '/^\| C2 /s/$/ more |/'
plant 'D1 is to name tests, and says: ' '/^\| D1 /s/\| `.*/| |/'
plant 'D1 is to name tests, and says: somewhere' '/^\| D1 /s/\| `.*/| somewhere |/'
plant "I4 has the state 'differently'" '/^\| I4 /s/differently:[^|]*/differently /'
plant "H1 has the state 'pending'" '/^\| H1 /s/\| (done|test|differently[^|]*) \|.*/| pending | |/'
plant 'A2 is left out, and is not Unreal'"'"'s, jemalloc'"'"'s or Rust'"'"'s' '/^\| A2 /s/\| done \|.*/| left out | too much work |/'
plant 'A-5 gives no reason: ' '/^\| A-5 /s/\| cannot arise \|.*/| cannot arise | |/'
plant 'A3 is not there yet' '/^\| A3 /s/\| done \|.*/| not yet | next month |/'
plant 'A1 names AbslSink.LevelsTextAndSource, which is not there' \
  '/^\| A1 /s/`RecordingTest\.[^`]+`/`AbslSink.LevelsTextAndSource`/'
plant 'NW7 names PropertyTest.GuardsAreSmall, which is not there' 's/(GuardsAreSmall)/DISABLED_\1/' \
  tests/pipeline/property_test.cc
plant 'N-D3 names QueueMemoryTest.HoldsNoPointer, which is not there
FAILED: C-11 names QueueMemoryTest.HoldsNoPointer, which is not there' 's/"queue_memory_test.cc"//' \
  tests/pipeline/BUILD.bazel

((failures == 0)) && echo 'each error is found'
