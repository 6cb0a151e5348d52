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
  --json "$rows" --results "$pictures" --readme "$readme" | tee "$TEST_TMPDIR/said"

failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
for name in literal int+double+string structured_int structured_int_string int_metric float_metric \
  metric_int_property span_event span_pair_int_property named_span_event async_span_pair disabled_level disabled_target; do
  grep -qF "\"question\": \"warm\", \"case\": \"$name\", \"library\": \"micromegas-cpp\"" "$rows" ||
    fail "warm has no row of $name"
done
for name in batch_of_20 batch_of_20_busy floor_of_20 floor_of_20_busy first_of_batch first_of_batch_busy; do
  grep -qF "\"question\": \"paced\", \"case\": \"${name}_p99.9\"" "$rows" || fail "paced has no row of $name"
done
for question in "${questions[@]}"; do
  grep -qF "\"question\": \"$question\"" "$rows" || fail "there is no row of $question"
  [[ -s $pictures/$question.svg ]] || fail "there is no picture of $question"
done
grep -q 'Absent .*missing: not here' "$TEST_TMPDIR/said" || fail 'the missing library is not shown'
grep -qF '"not_counted": "missing: not here"' "$rows" || fail 'the missing library is not in the rows'
grep -q 'NOT COUNTED' "$TEST_TMPDIR/said" && fail 'a row is not counted'
grep -q '^| literal |' "$readme" || fail 'the README has no row of literal'
grep -q '^| literal, 2 |' "$readme" || fail 'the README has no row of two producers'
grep -qF 'Missing: Absent (not here).' "$readme" || fail 'the missing library is not in the README'
[[ $(grep -cF '"question": "threads", "case": "clock_read"' "$rows") == 2 ]] ||
  fail 'the clock is not read once for each number of threads'
grep -q '^old$' "$readme" && fail 'the README has its old tables'
grep -q '^after$' "$readme" || fail 'the README lost its end'

# program NAME: the lines on stdin.
program() {
  cat >"$TEST_TMPDIR/$1"
  chmod +x "$TEST_TMPDIR/$1"
}
row='"question": "warm", "case": "literal", "library": "other", "threads": 1, "unit": "ns"'
figures='"median": 1, "min": 1, "max": 1, "ratio": 1'

# A program that dies is a failure, not an empty table; nothing that it said counts or is published.
program dies <<TEXT
#!/usr/bin/env bash
echo '{$row, $figures}'
exit 3
TEXT
printf '<!-- bench -->\nold\n<!-- /bench -->\n' >"$readme"
rm -rf "$pictures" && mkdir "$pictures"
if "$report" --question warm --program "dies=$TEST_TMPDIR/dies" --json "$rows" --results "$pictures" \
  --readme "$readme" >/dev/null; then
  fail 'a program that failed went unnoticed'
fi
grep -qF '"case": "failed", "library": "dies"' "$rows" || fail 'there is no row of the failure'
grep -q '"median": 1' "$rows" && fail 'a row of a program that failed counts'
grep -q '^old$' "$readme" || fail 'a run that failed is in the README'
[[ -s $pictures/rows.json || -e $pictures/warm.svg ]] && fail 'a run that failed is in the results'

# So is a row of any library that does not count.
program loses <<TEXT
#!/usr/bin/env bash
echo '{$row, "not_counted": "lost"}'
TEXT
if "$report" --question warm --program "loses=$TEST_TMPDIR/loses" --readme "$readme" >/dev/null; then
  fail 'a row that does not count went unnoticed'
fi
grep -q '^old$' "$readme" || fail 'rows that do not count are in the README'

# Ended while it measures, it leaves no program behind.
program waits <<TEXT
#!/usr/bin/env bash
echo \$\$ >'$TEST_TMPDIR/pid'
exec sleep 1000
TEXT
# by_then COMMAND...: whether it holds within 30 s.
by_then() {
  local end=$((SECONDS + 30))
  until "$@"; do ((SECONDS < end)) || return 1; done
}
is_gone() {
  [[ ! -e /proc/$1 ]] || grep -q '^State:[[:space:]]Z' "/proc/$1/status" 2>/dev/null
}
"$report" --question warm --program "waits=$TEST_TMPDIR/waits" >/dev/null &
by_then test -s "$TEST_TMPDIR/pid" || fail 'the program did not start'
kill -TERM $!
wait $! && fail 'it was not ended by the signal'
by_then is_gone "$(<"$TEST_TMPDIR/pid")" || fail 'a program goes on alone'

# What cannot be written is said before anything is measured.
program runs <<TEXT
#!/usr/bin/env bash
touch '$TEST_TMPDIR/ran'
TEXT
for flag in --json --readme --results; do
  if "$report" --question warm --program "runs=$TEST_TMPDIR/runs" "$flag" "$TEST_TMPDIR/no/where"; then
    fail "$flag names what cannot be written"
  fi
done
[[ -e $TEST_TMPDIR/ran ]] && fail 'it was measured all the same'

((failures == 0)) && echo 'all questions are answered'
