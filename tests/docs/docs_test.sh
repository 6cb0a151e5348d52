#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# What the documents point to is there: files that they link to, and each test that the table of
# invariants names, in the file that it names.

set -euo pipefail
# The runfile is a link into the source tree, where the test may look because it is not sandboxed.
tree=$(dirname "$(readlink -f "$1")")
failures=0
links=0
tests=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

cd "$tree"
for document in README.md docs/*.md; do
  while read -r link; do
    links=$((links + 1))
    [[ -e $(dirname "$document")/${link%%#*} ]] || fail "$document links to $link, which is not there"
  done < <(grep -oE '\]\([A-Za-z0-9_./-]+(#[a-z0-9-]+)?\)' "$document" | sed 's/^](//; s/)$//' || true)
done

file=''
while read -r word; do
  word=${word//\`/}
  if [[ $word == tests/*.cc ]]; then
    file=$word
    [[ -e $file ]] || fail "docs/architecture.md names $file, which is not there"
    continue
  fi
  tests=$((tests + 1))
  grep -qsE "^TEST(_F|_P)?\(${word%.*}, ${word#*.}\)" "$file" ||
    fail "docs/architecture.md names $word, which is not in ${file:-any file}"
done < <(grep -E '^(\| [1-9]\. |"One registry)' docs/architecture.md | grep -oE '`(tests/[a-z0-9_/]+\.cc|[A-Z][A-Za-z0-9]+\.[A-Z][A-Za-z0-9]+)`')

grep -q 'to be filled in' README.md docs/*.md && fail 'something is still to be filled in'
((links >= 10)) || fail "only $links links were found"
((tests >= 10)) || fail "only $tests tests were found"
((failures == 0)) && echo "$links links and $tests tests are there"
