# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# injected_bugs.sh - shared by tests of the injected bugs: `. tests/tools/injected_bugs.sh`.
planted=verify/corpora/planted
asan_flags='-fsanitize=address,undefined -fno-sanitize-recover=all'

# Builds $1/plain with all injected bugs, their corrected versions and bare_stores, and $1/asan with
# the bugs that a sanitizer must detect.
build_injected() {
	tests/tools/with_impl.sh "$1/plain" 'plain check' $planted/*.c tests/fixtures/bare_stores.c || return 1
	(unset MAKEFLAGS MFLAGS MAKELEVEL CI CC
	make -s -j"$(nproc)" OPT='-O1 -g1 -DRM_OUT_OF_LINE' SANITIZE="$asan_flags" \
		BUILD=build/asan OUT="$1/asan" IMPL="$(echo $planted/use_after_free*.c)" \
		NEEDED='plain/use_after_free check/use_after_free plain/use_after_free_twin check/use_after_free_twin' programs)
}

# Prints lines "bug tool check shape operations". Bugs for explore are printed only with `all`.
list_injected() {
	grep -v '^#' $planted/tools.tsv | { [ "$1" = all ] && cat ||
		grep -v '	exploration	'; }
}

# run_injected DIR ID TOOL CHECK SHAPE OPERATIONS SEED: returns 0 if the map passes, or 1 if the
# named tool reports the bug. The output is in DIR/out.
run_injected() {
	program=$1/plain/readmostly
	[ "$3" = sanitizer ] && program=$1/asan/readmostly
	"$program" check "$2" --only "$4" --shape "$5" --ops "$6" --seed "$7" \
		--deadline 1200 >"$1/out" 2>&1
	status=$?
	[ $status = 1 ] || return $status
	# A map that crashes or hangs is not found by the tool, but by chance.
	! grep -q '^FAIL .*: \(hung\|crashed\|used too much memory\)' "$1/out" || return 2
	[ "$3" != sanitizer ] || grep -q 'AddressSanitizer' "$1/out" || return 3
	grep -q "^FAIL $2 $5 $4: " "$1/out" && return 1
	return 4
}
