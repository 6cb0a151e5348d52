#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
#
# install.sh HEADER LIBRARY PREFIX: puts the C library into PREFIX/include, PREFIX/lib and
# PREFIX/lib/pkgconfig (micromegas-capi). Bazel gives the first two.

set -euo pipefail
if (($# != 3)) || [[ $3 != /* ]]; then
  echo "say where to: bazel run -c opt //interop/c:install -- /usr/local" >&2
  exit 2
fi
header=$1 library=$2 prefix=${3%/}

install -d "$prefix/include" "$prefix/lib/pkgconfig"
install -m 644 "$header" "$prefix/include/micromegas.h"
install -m 755 "$library" "$prefix/lib/libmicromegas_capi.so"
cat >"$prefix/lib/pkgconfig/micromegas-capi.pc" <<TEXT
prefix=$prefix
Name: micromegas-capi
Description: Telemetry for a Micromegas server, from C
Version: 0.1.0
Cflags: -I\${prefix}/include
Libs: -L\${prefix}/lib -lmicromegas_capi
TEXT
echo "installed into $prefix; pkg-config --cflags --libs micromegas-capi"
