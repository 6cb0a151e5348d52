#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# A test of "must not compile" is only worth something if it can fail.

set -euo pipefail
judge=$PWD/$1
cd "$(mktemp -d "${TEST_TMPDIR:-/tmp}/judge.XXXXXX")"
unset XML_OUTPUT_FILE
failures=0

# verdict WANTED KIND PATTERN SAID CODE READ PART_OF_THE_REASON
verdict() {
  printf '%s' "$4" >said
  echo "$5" >code
  printf '%s' "$6" >read
  printf 'a_case\t%s\t%s\tsaid\tcode\tread\n' "$2" "$3" >checks
  local out rc=0
  out=$(XML_OUTPUT_FILE=xml "$judge" checks suite) || rc=$?
  if [[ $rc != "$1" || $out != *"$7"* ]]; then
    echo "FAILED: $*: exit $rc: $out"
    failures=$((failures + 1))
  fi
  if ! grep -q "tests=\"1\" failures=\"$1\"" xml; then
    echo "FAILED: $*: $(cat xml)"
    failures=$((failures + 1))
  fi
}

verdict 0 compiles - '' 0 'a.h' 'ok'
verdict 1 compiles - 'x.cc:1: error: no' 1 '' 'does not compile'
verdict 1 compiles - 'x.cc:1: warning: hm' 0 'a.h' 'compiles with warnings'
verdict 1 compiles - 'g++: not found' 127 '' 'not installed'
verdict 0 refused 'too (few|many)' 'x.cc:1: error: too few <arguments> & "more"' 1 '' 'ok'
verdict 1 refused 'too (few|many)' '' 0 'a.h' 'compiles, but must not'
verdict 1 refused 'too (few|many)' 'x.cc:1: fatal error: no such file' 1 '' 'not with words'
verdict 1 refused 'found' 'g++: not found' 127 '' 'not installed'
verdict 0 hides '/boost/' '' 0 'x.o: /usr/include/vector' 'ok'
verdict 1 hides '/boost/' '' 0 'x.o: /usr/include/vector /usr/include/boost/asio.hpp' 'reaches /usr/include/boost/asio.hpp'
verdict 1 hides '/boost/' '' 0 '' 'no list of headers'
verdict 1 something - '' 0 'a.h' 'unknown kind'

: >checks
if "$judge" checks suite; then
  echo "FAILED: no check at all was a success"
  failures=$((failures + 1))
fi

((failures == 0))
