#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# What ./dev gives to the programs that it runs, called from another folder. It installs and builds
# nothing here: the package manager and Bazel are stand-ins.

set -euo pipefail

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
mkdir -p "$top"/{repository/bench/peers/rust,elsewhere,stand-ins,bin/examples,bin/bench}
cp "$1" "$top/repository/dev"

export XDG_CACHE_HOME=$top/cache

stand_in() {
  cat >"$top/$1"
  chmod +x "$top/$1"
}
stand_in stand-ins/dpkg-query <<'TEXT'
#!/usr/bin/env bash
printf "installed %s:${INSTALLED_FOR-amd64}\n" "$@"
TEXT
stand_in stand-ins/dpkg <<'TEXT'
#!/usr/bin/env bash
echo amd64
TEXT
stand_in stand-ins/apt-get <<'TEXT'
#!/usr/bin/env bash
TEXT
stand_in stand-ins/bazel <<TEXT
#!/usr/bin/env bash
if [[ \$1 == info ]]; then echo "$top/bin"; fi
TEXT
stand_in stand-ins/cargo <<'TEXT'
#!/usr/bin/env bash
exit 1
TEXT
for program in examples/indexer_demo bench/report; do
  stand_in "bin/$program" <<'TEXT'
#!/usr/bin/env bash
printf '<%s>' "$PWD" "$@"
TEXT
done

failures=0
# expect WANTED COMMAND...: the last line is the program's folder and arguments.
expect() {
  local wanted=$1 got
  shift
  got=$(cd "$top/elsewhere" &&
    PATH=$top/stand-ins:$PATH BAZEL=$top/stand-ins/bazel ../repository/dev "$@" | tail -n 1)
  # shellcheck disable=SC2053  # a pattern
  if [[ $got != $wanted ]]; then
    printf 'FAILED: ./dev %s\n  wanted %s\n  got    %s\n' "$*" "$wanted" "$got"
    failures=$((failures + 1))
  fi
}

here=$top/repository
there=$top/elsewhere
expect "<$here>" demo
expect "<$here><--help>" demo --help
expect "<$here><$there/a tree>" demo 'a tree'
expect "<$here></a/tree>" demo /a/tree
expect "<$here><--workers><3><--json><$there/out.json><$there/.>" demo --workers 3 --json out.json .
expect "<$here><--json></out.json>" demo --json /out.json
expect "<$here><--json><$there/-out>" demo --json -out
# The programs, what is missing and the commit follow.
expect "<$here><--json><$there/../out.json><--program>*" bench --json ../out.json
expect "*<--missing><Tracy=did not build with cargo>*" bench
expect "<$here><--program><micromegas-cpp=*><--program><compile=*" bench --alone
expect "<$here><--question><warm><--program><micromegas-cpp=$top/bin/bench/micromegas>*" bench --question warm

expect "<$here><--json></out.json><--program>*<--results><bench/results><--readme><README.md>" \
  bench --publish --json /out.json
# What is published is the whole.
for arguments in '--publish --question warm' '--publish --quick' '--publish --alone'; do
  # shellcheck disable=SC2086  # several arguments
  if said=$(PATH=$top/stand-ins:$PATH BAZEL=$top/stand-ins/bazel "$here/dev" bench $arguments 2>&1); then
    printf 'FAILED: ./dev bench %s is not refused, but says: %s\n' "$arguments" "$said"
    failures=$((failures + 1))
  fi
done

# A library for another architecture is not one for this.
printf 'ID=debian\nVERSION_ID=12\n' >"$top/debian-release"
said=$(INSTALLED_FOR=arm64 OS_RELEASE=$top/debian-release PATH=$top/stand-ins:$PATH BAZEL=$top/stand-ins/bazel \
  "$here/dev" demo 2>&1 || true)
if [[ $said != *'installing with apt-get: g++ '* ]]; then
  printf 'FAILED: ./dev demo takes arm64 for amd64, and says: %s\n' "$said"
  failures=$((failures + 1))
fi

# Off Debian 12 nothing is installed, and each command says what it needs.
echo 'ID=elsewhere' >"$top/os-release"
# needs WORDS COMMAND...
needs() {
  local words=$1 said word
  shift
  said=$(OS_RELEASE=$top/os-release PATH=$top/stand-ins:$PATH BAZEL=$top/stand-ins/bazel "$here/dev" "$@" 2>&1 |
    grep 'not Debian 12' || true)
  for word in $words; do
    if [[ " $said " != *" $word "* ]]; then
      printf 'FAILED: ./dev %s off Debian does not name %s, but says: %s\n' "$*" "$word" "$said"
      failures=$((failures + 1))
    fi
  done
}
needs 'g++ libasio-dev libfmt-dev' demo
needs 'g++ emscripten nodejs chromium' wasm //:some
needs 'emscripten nodejs' page
needs 'emscripten nodejs' bench --wasm

((failures == 0)) && echo 'all as meant'
