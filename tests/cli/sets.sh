#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests the modes and sets of `make bench` and `make campaign`, and errors that are reported before
# any build.
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
	"MODE=articles: no such mode: expected one of MODE=smoke, MODE=quick, " bench MODE=articles
check "the new spelling is in the list of modes" \
	contains "$out" "SET=articles MODE=quick, SET=claims MODE=full"
check "a mode missing in the set is rejected" refused "SET=peers MODE=full: no such mode" bench SET=peers MODE=full
check "for crossover the error lists modes without SET=" refused \
	"MODE=full: no such mode: expected one of MODE=quick, MODE=standard" crossover A=gomap_rw B=ck_ht MODE=full
check "an unclosed bracket is named" refused "NODES=n[3-: unpaired bracket" campaign 'NODES=n[3-'
check "a missing source is the only error" refused "IMPL=/none.c: no such file: expected" check-dispatch IMPL=/none.c
check "awk prints no message about the missing source" eval '! contains "$out" awk >/dev/null'
check "a missing folder is named with its variable" eval \
	'! DIRTY=1 runner/artifact.sh "$out.tar" /none >"$out" 2>&1 && contains "$out" "CAMPAIGNS=/none: no such folder: expected"'
check "an unknown set is rejected" refused "SET=peer: no such mode" bench SET=peer
check "an unknown set is rejected for several machines, too" \
	refused "MODE=peers: no such mode" campaign MODE=peers NODES=n1 PLAN=1
check "a set as a target is rejected with the new spelling" refused "expected make bench SET=claims" claims
check "lower case is rejected with the correct spelling" refused "mode=quick: expected upper case: MODE=quick" \
	bench mode=quick
check "a misspelt variable is rejected with a suggestion" \
	refused "MOD=smoke: no such variable: did you mean MODE?" bench MOD=smoke
check "the number of operations is checked before the build" \
	refused "CHECK_OPS=abc: expected a number" check-maps CHECK_OPS=abc
check "the folder of an installation is checked before the build" \
	refused "cannot write to /proc/none: " install PREFIX=/proc/none
check "a relative folder of an installation is rejected" \
	refused "expected an absolute path" install PREFIX=relative
check "a misspelled program is rejected with a suggestion" refused "(did you mean gomap_rw?)" \
	programs NEEDED=plain/gomap_rx
check "a misspelt map is rejected with a suggestion" \
	refused "MAP=gomap_wr: no map is called gomap_wr (did you" flamegraph MAP=gomap_wr
check "the error names the missing map" refused "crossover: missing: B: expected" crossover A=gomap_rw
check "a missing campaign is rejected with its variable" refused "CAMPAIGN=none: expected the folder" \
	report CAMPAIGN=none
check "an unknown target is rejected with the way to list all" \
	refused 'no target and no file exploer: `make help`' exploer
check "CC must be one command" \
	refused "'exec ccache gcc \"\$@\"' >/tmp/CC; chmod +x" CC='ccache gcc' help
check "a build folder must be writable" refused "cannot write there (owner of" BUILD=/proc/none readmostly
for words in 'SET=peers|set peers, mode quick' 'SET=claims MODE=full|set claims, mode full' \
	'MODE=quick|mode quick' 'MODE=|mode smoke'; do
	check "${words%|*} measures ${words#*|}" eval '(export ${words%|*}; . runner/mode.sh; find_mode smoke &&
		[ "$mode_words" = "${words#*|}" ] && [ -f "$mode_file" ])'
done
done_testing
