#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Breaks each rule of the memory models with one edit. The litmus test of this rule must then fail
# (tests/fixtures/litmus_mutants.tsv). Seeds are fixed.
# slow: over ten seconds of CPU time.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs tests/test_explore_litmus
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
build=${BUILD:-build/gcc}
cc=$(cut -d' ' -f1 "$build/flags") || exit 1

# link_test FILE EDIT: links the test with the edited file.
link_test() {
	mkdir -p "$dir/verify/explore"
	sed -E "$2" "verify/explore/$1" >"$dir/verify/explore/$1"
	cmp -s "verify/explore/$1" "$dir/verify/explore/$1" && return 1
	$cc -std=c11 -D_GNU_SOURCE -w -O2 -fno-lto -I. -c -o "$dir/edited.o" \
		"$dir/verify/explore/$1" || return 1
	$cc -o "$dir/test" "$build"/verify/tests/explore/test_explore_litmus.o "$dir/edited.o" \
		"$build/tests.a" $(pkg-config --libs hwloc inih jansson zlib) -lm -ldl
}
passes() { "$build/tests/test_explore_litmus" only "$1" >"$dir/out"; }
# A crash or a hang of the test is not the expected failure.
fails() { # FILE EDIT TEST
	link_test "$1" "$2" || return 1
	timeout 1000 "$dir/test" only "$3" >"$dir/out"
	[ $? = 1 ] && grep -q '^not ok .* under ' "$dir/out"
}

rows=$(grep -v '^#' tests/fixtures/litmus_mutants.tsv)
while IFS= read -r test; do
	check "$test holds" passes "$test"
done <<<"$(cut -f4 <<<"$rows" | sort -u)"
while IFS=$'\t' read -r what file edit test; do
	check "$what: $test fails" fails "$file" "$edit" "$test"
done <<<"$rows"
done_testing
