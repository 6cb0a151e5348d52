#!/usr/bin/env bash
# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0

set -euo pipefail
tree=$(dirname "$(readlink -f "$1")")
"$tree/tests/docs/check_parity" "$tree" "$tree/docs/parity.md"
