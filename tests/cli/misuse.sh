#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Finds each misuse of tests/fixtures/misuse.tsv with the listed check and with each of 20 seeds
# (SEEDS=N changes the number). The check never fails the correct form. Each misuse delays its
# thread inside the race, tens of times in a run, so this test does not show that a check would find
# a rare race.
# slow: a minute of CPU time.
# alone: other load changes how often threads collide.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs plain/handle_shared check/cleanup_cancel check/cleanup_delete check/gomap_rw check/gomap_rw_unguarded_delete check/handle_clone check/handle_header check/handle_shared check/increment_rw check/increment_unguarded check/range_counter check/range_list check/shard_rw_32 check/shard_rw_32_back_door check/stock_rw check/stock_single_check check/syncmap check/syncmap_back_door
readmostly=${BUILD:-build/gcc}/readmostly
seeds=${SEEDS:-20}
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT

try() { # ID CHECK OPERATIONS SEED
	"$readmostly" check "$1" --only "$2" --shape u64x8 --ops "$3" \
		--seed "$4" --quiet --deadline 600 >"$out" 2>&1
}

caught() { # ID CHECK OPERATIONS WORDS: every seed finds the misuse, with these words
	for seed in $(seq "$seeds"); do
		try "$1" "$2" "$3" "$seed"
		[ $? = 1 ] && contains "$out" "$4" || return 1
	done
}

fails_once() { # ID CHECK OPERATIONS: true if the check fails with one of the seeds
	for seed in $(seq "$seeds"); do
		try "$1" "$2" "$3" "$seed" || { sed 's/^/# /' "$out"; return 0; }
	done
	return 1
}

not() { ! "$@"; }

tab=$(printf '\t')
grep -v '^#' tests/fixtures/misuse.tsv >"$out.tsv"
while IFS=$tab read -r id right test operations words _; do
	check "$id is caught $seeds times of $seeds by $test" \
		caught "$id" "$test" "$operations" "$words" </dev/null
	check "$right never fails" \
		not fails_once "$right" "$test" "$operations" </dev/null
done <"$out.tsv"
rm -f "$out.tsv"

# The trials fail because the misuse is injected. The campaign is complete nevertheless.
"$readmostly" run workloads/shared-handle.conf --maps handle_shared --busy-ok -o "$out.d" \
	--set blocks=3 --set repeat-most=0 >"$out" 2>&1
check "a campaign of an injected misuse is complete" [ $? = 0 ]
check "the trials of an injected misuse fail" \
	grep -q "^failed, as an injected bug may, [1-3] of 3: " "$out"
check "the folder of this campaign is valid" "$readmostly" dev validate "$out.d"
rm -rf "$out.d"
done_testing
