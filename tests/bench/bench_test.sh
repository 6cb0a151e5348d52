#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0

set -euo pipefail

report=$1 program=$2
rows=$TEST_TMPDIR/rows.json pictures=$TEST_TMPDIR/pictures readme=$TEST_TMPDIR/README.md
mkdir -p "$pictures"
printf 'before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n' >"$readme"
questions=(warm paced cold threads storm background memory)
flags=()
for question in "${questions[@]}"; do flags+=(--question "$question"); done

"$report" --quick "${flags[@]}" --program "micromegas-cpp=$program" --missing 'Absent=not here' \
  --json "$rows" --pictures "$pictures" --readme "$readme" | tee "$TEST_TMPDIR/said"

failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
for name in literal int+double+string structured_int structured_int_string int_metric float_metric \
  metric_int_property span_event span_pair_int_property named_span_event disabled_level disabled_target; do
  grep -qF "\"question\": \"warm\", \"case\": \"$name\", \"library\": \"micromegas-cpp\"" "$rows" ||
    fail "warm has no row of $name"
done
for question in "${questions[@]}"; do
  grep -qF "\"question\": \"$question\"" "$rows" || fail "there is no row of $question"
  [[ -s $pictures/$question.svg ]] || fail "there is no picture of $question"
done
grep -q 'Absent .*missing: not here' "$TEST_TMPDIR/said" || fail 'the missing library is not shown'
grep -qF '"not_counted": "missing: not here"' "$rows" || fail 'the missing library is not in the rows'
grep -q 'NOT COUNTED' "$TEST_TMPDIR/said" && fail 'a row is not counted'
grep -q '^| literal |' "$readme" || fail 'the README has no row of literal'
grep -q '^old$' "$readme" && fail 'the README has its old tables'
grep -q '^after$' "$readme" || fail 'the README lost its end'

# A program that dies is a failure, not an empty table.
if "$report" --question warm --program "broken=/bin/false" >/dev/null; then
  fail 'a program that failed went unnoticed'
fi

((failures == 0)) && echo 'all questions are answered'
