#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# judge_probes.sh CHECKS NAME: judges what compile_test.bzl had compiled. Each line of CHECKS: case,
# kind, pattern, then the files with the compiler's words, its exit code and the headers it read.
# Writes one test case a check to $XML_OUTPUT_FILE.

set -euo pipefail
total=0 failed=0 cases=''

escape() { sed -e 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g' | tr -cd '\11\12\15\40-\176'; }

while IFS=$'\t' read -r name kind pattern said code read; do
  total=$((total + 1))
  rc=0
  [[ $kind == hides ]] || rc=$(<"$code")
  problem=''
  if ((rc == 127)); then
    problem='the compiler is not installed'
  elif [[ $kind == compiles ]]; then
    if ((rc != 0)); then problem='does not compile'; elif [[ -s $said ]]; then problem='compiles with warnings'; fi
  elif [[ $kind == refused ]]; then
    if ((rc == 0)); then
      problem='compiles, but must not'
    elif ! grep -Eq -- "$pattern" "$said"; then
      problem="is refused, but not with words like '$pattern'"
    fi
  elif [[ $kind == hides ]]; then
    # The dependency file of a compilation that failed is empty: that is no proof.
    if ! [[ -s $read ]]; then
      problem='has no list of headers'
    elif reached=$(tr -s ' \\' '\n' <"$read" | grep -E -m 3 -- "$pattern"); then
      problem="reaches $reached"
    fi
  else
    problem="has an unknown kind of check: $kind"
  fi
  cases+="    <testcase name=\"$(escape <<<"$name")\" classname=\"$2\" status=\"run\" result=\"completed\">"
  if [[ -n $problem ]]; then
    failed=$((failed + 1))
    printf 'FAILED %s: %s\n' "$name" "$problem"
    head -n 30 "$said"
    cases+="<failure message=\"$(escape <<<"$problem")\"/>"
  else
    printf 'ok     %s\n' "$name"
  fi
  cases+=$'</testcase>\n'
done <"$1"

if [[ -n ${XML_OUTPUT_FILE-} ]]; then
  {
    echo '<?xml version="1.0" encoding="UTF-8"?>'
    echo "<testsuites tests=\"$total\" failures=\"$failed\" disabled=\"0\" errors=\"0\" name=\"AllTests\">"
    echo "  <testsuite name=\"$2\" tests=\"$total\" failures=\"$failed\" disabled=\"0\" errors=\"0\">"
    printf '%s' "$cases"
    echo '  </testsuite>'
    echo '</testsuites>'
  } >"$XML_OUTPUT_FILE"
fi
echo "$total checks, $failed failed"
((total > 0 && failed == 0))
