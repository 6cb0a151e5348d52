#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# c_install_test.sh INSTALL HEADER LIBRARY PROGRAM.c PROGRAM.py COLLECTOR: installs the C library, builds
# a program against it as its users do, and runs that and one in Python; the library shows nothing but
# mm_*.

set -euo pipefail
install=$1 header=$2 library=$3 program=$4 python=$5 collector=$6
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/c_install.XXXXXX")

fail() {
  echo "FAILED: $*"
  exit 1
}

"$install" "$header" "$library" "$work/usr"
"$install" "$header" "$library" relative 2>/dev/null && fail "a relative prefix was taken"

symbols=$(nm -D --extern-only --defined-only "$work/usr/lib/libmicromegas_capi.so" | awk '{print $NF}')
grep -qx mm_init <<<"$symbols" || fail "mm_init is not there: $symbols"
others=$(grep -v '^mm_' <<<"$symbols" || true)
[[ -z $others ]] || fail "also visible: $others"

g++ -fsyntax-only -x c++ -std=c++98 -pedantic -Wall -Werror "$work/usr/include/micromegas.h" 2>&1 |
  grep -v 'pragma once' | grep . && fail "the header is not C++98"
flags=$(sed -n "s|\${prefix}|$work/usr|g; s/^Cflags: //p; s/^Libs: //p" "$work/usr/lib/pkgconfig/micromegas-capi.pc")
# shellcheck disable=SC2086  # several flags
gcc -std=c99 -Wall -Wextra -Werror -pedantic -o "$work/program" "$program" $flags -pthread

"$collector" --port 0 >"$work/received" 2>"$work/said" &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
url=''
for _ in {1..100}; do
  url=$(grep -oE 'http://127.0.0.1:[0-9]+' "$work/received" "$work/said" -h | head -1 || true)
  [[ -n $url ]] && break
  read -rt 0.1 <> <(:) || true
done
[[ -n $url ]] || fail "the collector does not say where it listens: $(cat "$work/said")"
for way in official no-handle further again; do
  LD_LIBRARY_PATH=$work/usr/lib MICROMEGAS_TELEMETRY_URL=$url "$work/program" "$way" ||
    fail "$way ended with $?"
done
python3 "$python" "$work/usr/lib/libmicromegas_capi.so" "$url" || fail "the one in Python ended with $?"
kill "$server"
wait "$server" || true
grep -q 'no target' "$work/received" || fail "the collector got: $(head -30 "$work/received")"
for line in 'from Python: größe' 'python integer = 18446744073709551615 count' 'python float = 12.5 ms'; do
  grep -qF "$line" "$work/received" || fail "no '$line' in: $(cat "$work/received")"
done
echo "PASSED"
