#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `readmostly check` finds six injected bugs, and `readmostly explore` finds six others. The
# corrected versions pass. tests/long/corpora.py tests the complete corpora.
. tests/tools/tap.sh
needs readmostly-history
readmostly=$build/corpus/readmostly out=$(mktemp)
trap 'rm -f "$out"' EXIT
# Columns of `checked`: ID FOLDER CHECK OPERATIONS. Columns of `explored`: ID FOLDER FAULT (words).
# Fixed seeds make the results repeatable.
checked='wrong_shard planted model 200000
lost_update planted exchange 200000
false_promise planted progress 400000
flurry_77 bugs reclaim 20000
high_scale_lib_5 bugs atomic 400000
java_util_348 bugs growth 200000'
explored='double_free explored bad free
lock_order explored deadlock
plain_counter explored data race
check_then_act planted not linearizable
folly_1280 bugs data race
cache_rs_65 bugs not linearizable'
files_of() { # LIST: prints the files of bugs and corrected versions
	while read -r id folder _; do echo "verify/corpora/$folder/$id.c" "verify/corpora/$folder/${id}_twin.c"; done <<<"$1"
}
builds() { # FLAVOUR LIST
	# shellcheck disable=SC2046
	IMPL_FLAGS='-O1 -DRM_OUT_OF_LINE' tests/tools/with_impl.sh "$build/corpus" "$1" $(files_of "$2") >"$out" 2>&1 ||
		{ sed 's/^/# /' "$out"; return 1; }
}
checks() { # ID CHECK OPERATIONS [SEED]
	timeout 600 "$readmostly" check "$1" --quiet --shape u64x8 --only "$2" --ops "$3" --seed "${4:-1}" --deadline 60 >"$out"
}
caught() { # ID CHECK OPERATIONS: the check finds the bug with one of 100 seeds
	for seed in $(seq 100); do
		checks "$@" "$seed"
		[ $? != 1 ] || { grep -q "^FAIL $1 u64x8 $2: " "$out"; return; }
	done
	return 1
}
explores() { "$build/corpus/maps/explore/$1" "$1" --schedules 500 >"$out"; }
found() { # ID FAULT
	explores "$1"
	[ $? = 1 ] && grep -q "^FAIL $1: .*: $2\$" "$out" || { sed 's/^/# /' "$out"; return 1; }
}
check 'the bugs for check are compiled' builds 'plain check' "$checked"
check 'the bugs for explore are compiled' builds explore "$explored"
while read -r id _ name operations; do
	check "$id is found by check ($name)" caught "$id" "$name" "$operations"
	check "${id}_twin passes" eval '[ "$name" = progress ] || checks "${id}_twin" "$name" "$operations"'
done <<<"$checked"
while read -r id _ fault; do
	check "$id is found by explore ($fault)" found "$id" "$fault"
	check "${id}_twin passes" explores "${id}_twin"
done <<<"$explored"
# shellcheck disable=SC2016
check 'a run without a finding prints its sample, and finds a bug that it injects' eval \
	'grep -q "; an injected bug was found after [0-9]* schedules*$" "$out" &&
	grep -q "^     a sample: an ordinary program has [0-9]* places to switch and 10^[0-9]* " "$out"'
done_testing
