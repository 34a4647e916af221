#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Maps of which most have no program of tests/unit, bounds and those of libraries,
# answer as an array does, on one thread and with few operations: between two
# edits. check_maps.sh, which is slow, runs every check of every map.
. tests/tools/tap.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT

"$build/readmostly" list --ids >"$dir/built"
maps=$(ls impls/bound/*.c impls/lib/*.c impls/lib/*.cc |
	sed 's|.*/\([^.]*\).*|\1|' | grep -xFf "$dir/built")
MAPS=$maps CHECKS=model ONE=1 SHAPES='u64x8 str16x8' \
	tests/tools/check_maps.sh "$build/readmostly" 50 >"$out" 2>&1
check 'each agrees with the model' [ $? = 0 ]
sed 's/^/# /' "$out"
count=$(echo "$maps" | wc -w)
check 'all but the one that holds nothing were asked' \
	says "$out" "check: $((count - 1)) ok, 0 failed, 1 skipped ($count maps, "
done_testing
