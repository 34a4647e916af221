#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Modes and sets of `make bench` and `make campaign`, and errors before any build.
. tests/tools/tap.sh
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
unset MODE SET MAKEFLAGS MFLAGS MAKELEVEL
export BENCH_DRY=1
refused() { # WORDS ARGUMENTS of make...
	local words=$1; shift
	make --no-print-directory BUILD="$build" DEPS=no "$@" >"$out" 2>&1
	[ $? = 2 ] && contains "$out" "$words" && ! grep -q '  CC  ' "$out"
}
check "a set as MODE is rejected with the new spelling" refused \
	"MODE=articles: no such mode: expected one of " bench MODE=articles
check "which is in the list of modes" contains "$out" "SET=articles MODE=quick, SET=claims MODE=full"
check "a mode missing in the set is rejected" refused "SET=peers MODE=full: no such mode" bench SET=peers MODE=full
check "an unknown set is rejected" refused "SET=peer: no such mode" bench SET=peer
check "also for several machines" refused "MODE=peers: no such mode" campaign MODE=peers NODES=n1 PLAN=1
check "a set as a target is rejected with the new spelling" refused "expected make bench SET=claims" claims
check "lower case is rejected with the correct spelling" refused "mode=quick: expected upper case: MODE=quick" \
	bench mode=quick
for words in 'SET=peers|set peers, mode quick' 'SET=claims MODE=full|set claims, mode full' \
	'MODE=quick|mode quick' 'MODE=|mode smoke'; do
	check "${words%|*} measures ${words#*|}" eval '(export ${words%|*}; . runner/mode.sh; find_mode smoke &&
		[ "$mode_words" = "${words#*|}" ] && [ -f "$mode_file" ])'
done
done_testing
