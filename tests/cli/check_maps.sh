#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every map of this build passes every check with few operations. `make check-maps` runs more of
# them.
# slow: minutes of CPU time.
. tests/tools/tap.sh
needs readmostly-history
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
ids=$(awk -F '\t' '$3 ~ /^built/ && $3 !~ /misuse|language/ { print $1 }' "$build/maps/names.tsv")
check 'the programs build' tests/tools/programs.sh "$build" $(sed 's|^|check/|' <<<"$ids")
MAPS=$ids tests/tools/check_maps.sh "$build/readmostly" "${RM_CHECK_OPS:-12000}" >"$out" 2>"$dir/errors"
status=$?
sed 's/^/# /' "$out"
check 'every map passes all applicable checks' [ $status = 0 ]
check 'all maps were checked' contains "$out" "($(wc -w <<<"$ids") maps, "
done_testing
