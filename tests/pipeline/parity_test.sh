#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# parity_test.sh PARITY DISPATCH INSTRUMENT SINK: the source that is compiled on every platform leaves
# nothing out: each function of dispatch.h, each macro of instrument.h, each virtual of EventSink.

set -euo pipefail
parity=$1 found=0 failures=0

expect() {  # WHAT REGEX
  found=$((found + 1))
  grep -qE -- "$2" "$parity" || {
    echo "FAILED: $1 is not in dispatch_parity.cc"
    failures=$((failures + 1))
  }
}

for function in $(grep -oE '^[A-Za-z][A-Za-z0-9_:<> ]* [a-z_]+\(' "$2" | grep -oE '[a-z_]+\($' | tr -d '('); do
  expect "dispatch::$function" "(MICROMEGAS_PARITY_\\(|^ +)$function,"
done
functions=$found
for macro in $(grep -oE '^#define MM_[A-Z_]+' "$3" | cut -d' ' -f2); do expect "$macro" "\\b$macro\\("; done
macros=$((found - functions))
for virtual in $(grep -oE 'virtual [a-z]+ [a-z_]+\(' "$4" | grep -oE '[a-z_]+\($' | tr -d '('); do
  expect "EventSink::$virtual" " $virtual\\("
done
virtuals=$((found - functions - macros))

echo "$functions functions, $macros macros, $virtuals functions of EventSink"
((functions >= 45)) && ((macros >= 28)) && ((virtuals >= 11)) && ((failures == 0))
