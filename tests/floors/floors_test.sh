#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# The checker finds each kind of violation that is planted, accepts what is allowed, and finds
# nothing in this repository.

set -euo pipefail
check=$1
# The runfile is a link into the source tree, where the test may look because it is not sandboxed.
tree=$(dirname "$(readlink -f "$2")")
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/floors.XXXXXX")
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# plant FILE LINE: a tree with one harmless file and FILE, which holds LINE.
plant() {
  rm -rf "$work/tree"
  mkdir -p "$work/tree/platform" "$work/tree/$(dirname "$1")"
  echo '#include <vector>' >"$work/tree/platform/harmless.h"
  printf '// A comment.\n%s\n' "$2" >"$work/tree/$1"
}

must_find() {  # FILE LINE PART_OF_THE_MESSAGE
  plant "$1" "$2"
  local out rc=0
  out=$("$check" "$work/tree") || rc=$?
  [[ $rc == 1 ]] || fail "exit $rc, not 1, for $1 with: $2"
  [[ $out == "$1:2: "*"$3"* ]] || fail "$1 with '$2' gave '$out', not '$3'"
  [[ $(wc -l <<<"$out") == 1 ]] || fail "more than one complaint: $out"
}

must_accept() {  # FILE LINE
  plant "$1" "$2"
  local out
  out=$("$check" "$work/tree") || fail "$1 with '$2' was refused: $out"
}

must_find platform/a.h '#include "micromegas/pipeline/sink/block.h"' 'is up: pipeline is floor 3, platform is floor 2'
must_find pipeline/queue/a.h '#include "micromegas/transport/wire/encode.h"' 'is up'
must_find pipeline/queue/a.cc '#  include <micromegas/transport/wire/encode.h>' 'is up'
must_find pipeline/dispatch.h '#include "micromegas/telemetry.h"' 'is up: . is floor 5'
must_find transport/http_sink.h '#include "micromegas/telemetry.h"' 'is up'
must_find transport/http_sink.cc '#include "micromegas/wasm/console.h"' 'next door'
must_find wasm/console.cc '#include "micromegas/transport/http_sink.h"' 'next door'
must_find wasm/dispatch.cc '#include "micromegas/telemetry.h"' 'is up'
must_find telemetry.cc '#include "micromegas/examples/indexer.h"' 'is up'
must_find pipeline/flush/a.h '#include <asio.hpp>' 'asio must not be seen in a header of pipeline/'
must_find pipeline/flush/a.h '	#	include <asio/io_context.hpp>' 'asio must not be seen in a header'
must_find pipeline/flush/a.cc '#include <boost/asio.hpp>' 'boost must not be seen'
must_find pipeline/flush/a.cc '#include <openssl/ssl.h>' 'openssl must not be seen'
must_find platform/a.cc '#include <boost/config.hpp>' 'boost must not be seen'
must_find platform/a.cc '#include <fmt/format.h>' 'fmt must not be seen'
must_find wasm/a.cc '#include <fmt/format.h>' 'fmt must not be seen'
must_find telemetry.h '#include <boost/beast.hpp>' 'boost must not be seen in a header of the top folder'
must_find telemetry.h '#include <asio.hpp>' 'asio must not be seen'
must_find asio.h '#include <boost/asio.hpp>' 'boost must not be seen'
must_find transport/http/a.cc '#include <asio.hpp>' 'asio must not be seen'
must_find pipeline/a.cc '#include "micromegas/tests/support/a.h"' 'is for tests only'
must_find pipeline/a.cc '#include <gtest/gtest.h>' 'test must not be seen'
must_find pipeline/a.cc '#include "block.h"' 'our headers are "micromegas/..."'
must_find pipeline/a.cc '#include "micromegas/pipeline/../transport/a.h"' 'has dots'
must_find pipeline/a.cc '#include HEADER' 'computed'
must_find pipeline/a.cc '#include "micromegas/cellar/a.h"' 'stands on no floor'
must_find tests/a.cc '#include "a.h"' 'our headers are'

must_accept pipeline/sink/a.h '#include "micromegas/platform/uuid.h"'
must_accept pipeline/flush/a.cc '#include <asio.hpp>'
must_accept pipeline/queue/a.cc '#include <concurrentqueue/concurrentqueue.h>'
must_accept transport/http/a.cc '#include <boost/beast.hpp>'
must_accept transport/http/a.h '#include "micromegas/pipeline/sink/block.h"'
must_accept telemetry.cc '#include "micromegas/transport/http_sink.h"'
must_accept boost_asio.h '#include <boost/asio.hpp>'
must_accept wasm/telemetry.cc '#include "micromegas/telemetry.h"'
must_accept examples/a.cc '#include "micromegas/telemetry.h"'
must_accept tests/a.cc '#include "micromegas/transport/http_sink.h"'
must_accept pipeline/a.h '// #include <asio.hpp>'

# A folder that has no floor yet must get one before it has a file.
plant cellar/a.h '#include <vector>'
out=$("$check" "$work/tree") && fail "a folder without a floor was accepted"
[[ $out == *'stands on no floor'* ]] || fail "no word about the floor: $out"

# Nothing to look at is not a success.
rm -rf "$work/tree"
mkdir "$work/tree"
rc=0
"$check" "$work/tree" >/dev/null || rc=$?
[[ $rc == 2 ]] || fail "an empty tree gave $rc"

[[ -d $tree/platform && -d $tree/pipeline ]] || fail "$tree is not the source tree"
violations=$("$check" "$tree") || fail "includes in this repository:
$violations"

((failures == 0))
