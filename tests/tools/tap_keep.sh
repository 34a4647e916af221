#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tap_keep.sh TEST - runs a test and keeps what it printed in BUILD/tap/, so
# that a failure can be shown again at the end of a long run.
mkdir -p "$BUILD/tap"
kept=$BUILD/tap/$(basename "$1")
{ "$1" 2>"$kept.err"; echo $? >"$kept.status"; } | tee "$kept.tap"
cat "$kept.err" >&2
exit "$(cat "$kept.status")"
