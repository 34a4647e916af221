#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# regress_tally.sh [KIND...] - `make regress-tally`: real runs of the gate on
# base against each kind of head (report/regress_bars.py; patches in
# tests/fixtures/gate), until each has its number; each run is a line of
# docs/tally/regress.jsonl, from which docs/tally/regress.md is made. Kinds take
# turns: a bad quarter of an hour must not meet one only.
# N: runs of each kind, else those of its bar (after a change of rules one more
# than are there: of the first run's plan the others then are); MINUTES: no run
# begins after them; BASE: a commit, else HEAD; CC, BUILD, LOCK are make's. Killed
# at any time, the same call goes on: with the run that was interrupted, whatever
# it may come to.
# GATE, RUNNER, ARMS (a folder KIND/readmostly), TALLY, PAGE stand in for what is real
# in tests. Status: 0; 1 a bar is not met; 2 usage or input; 75 interrupted.
export LC_ALL=C
gate=regress-tally
cd "$(dirname "$0")/../.." || exit 2
cc=${CC:-gcc} build=${BUILD:-build/gcc}
. runner/regress_refs.sh
. runner/regress_builds.sh
place=${PLACE:-build/regress-tally} patches=tests/fixtures/gate
tally=${TALLY:-docs/tally/regress.jsonl} page=${PAGE:-docs/tally/regress.md}
python=$(report/find_python.sh) || exit 2
[ $# -gt 0 ] || set -- aa full +2% look-ups line lock padding renamed linked
case ${N:-1}${MINUTES:-1} in *[!0-9]*) say "N=${N:-} MINUTES=${MINUTES:-}: expected numbers" ;; esac
until=$((${MINUTES:-99999} * 60 + SECONDS))
number_of() { # KIND: N, or what its bar asks
	if [ "${N:-}" ]; then echo "$N"; elif [ "$1" = aa ]; then echo 300; else echo 20; fi
}
wanted=()
for kind; do
	wanted+=("$kind=$(number_of "$kind")")
done
bars() { "$python" -m report.regress_bars "$@" --tally "$tally"; }
: >>"$tally" || say "$tally cannot be written"
bars next "${wanted[@]}" >/dev/null || exit

mkdir -p "$place/runs" && : >>"$place/lock" || say "$place cannot be written"
exec 8>"$place/lock"
flock -n 8 || say "another one runs in this tree"
find_subject
base=$(commit_of BASE "${BASE:-HEAD}") || exit

# Of base's tree, and of it with a patch: the same folder, compiler and maps, so
# that nothing else tells them apart.
make_arm() { # KIND
	local kind=$1 patch=$patches/$1.patch at=$place/arms/$1 key
	key="$base $(compiled_by) $(cat "$patch" 2>/dev/null | sha256sum | cut -c1-8) $maps"
	[ "$(cat "$at/built" 2>/dev/null)" != "$key" ] || return 0
	echo "building $kind" >&2
	rm -rf "$at" && mkdir -p "$at"
	[ "$(cat "$place/unpacked" 2>/dev/null)" = "$base" ] || {
		rm -rf "$place/unpacked" "$place/objects"
		unpack "$base" "$place/tree"
		git init -q "$place/tree" && echo "$base" >"$place/unpacked"
	}
	# a tree that a kill has left patched is none
	rm "$place/unpacked"
	if [ -f "$patch" ]; then
		git -C "$place/tree" apply "$PWD/$patch" || say "$patch does not apply to ${base:0:12}: make it again"
	fi
	rm -f "$place/objects/readmostly" # an order of objects is no file of make's
	quiet_make "$kind" "$place/$kind.log" 'mend its patch' -C "$place/tree" BUILD="$PWD/$place/objects" \
		MAPS_BUILT="$maps" STATS_MAPS= SIM_MAPS= "$PWD/$place/objects/readmostly"
	cp "$place/objects/readmostly" "$at/readmostly" || cannot "$place" "$at cannot be written"
	if [ -f "$patch" ]; then
		! cmp -s "$at/readmostly" "$place/arms/base/readmostly" || say "$patch changes nothing that is built"
		git -C "$place/tree" apply -R "$PWD/$patch" || exit 2
	fi
	echo "$base" >"$place/unpacked"
	echo "$key" >"$at/built"
}
make_arms() { # KIND...
	local kind
	lock_builds
	make_chooser
	maps=$(maps_of --mode regress) || exit
	make_arm base
	for kind; do
		[ ! -f "$patches/$kind.patch" ] || make_arm "$kind"
	done
	mkdir -p "$place/arms/copy" && cp --reflink=never "$place/arms/base/readmostly" \
		"$place/arms/copy/readmostly" || cannot "$place" "$place/arms/copy cannot be written"
	exec 9>&-
}
[ "${ARMS:-}" ] || make_arms "$@"
arms=${ARMS:-$place/arms}

# play KIND FOLDER [--resume]: the gate, whose table is nobody's
play() {
	local kind=$1 folder=$2 head=$arms/copy/readmostly; shift 2
	local -x MINUTES='' MAPS='' CELLS='' WORKLOAD='' BUSY=ok WHY=no REF=${BASE:-HEAD} COMMIT=$base
	case $kind in
	full) ;;
	+*) head=$head$kind ;;
	lock) WORKLOAD=$patches/half-writes.conf ;;
	*) MAPS=gomap_rw CELLS='gomap_rw 1Ki update*' ;;
	esac
	[ ! -f "$patches/$kind.patch" ] || head=$arms/$kind/readmostly
	case $kind in full | +*) ;; *) set -- --set blocks=60 "$@" ;; esac
	case " $* " in *' --resume '*) set -- --resume ;; esac
	RUNNER=${RUNNER:-$arms/base/readmostly} "${GATE:-runner/regress.sh}" "$arms/base/readmostly" \
		"$arms/copy/readmostly" "$head" -o "$folder" "$@" >"$place/said" 2>&1 8>&-
}
# one KIND: a run, or what is left of one, and its line
one() {
	local kind=$1 folder=$place/runs/$1 status
	if [ -f "$folder/campaign.json" ]; then
		echo "$kind: going on with a run that was interrupted" >&2
		play "$kind" "$folder" --resume
		status=$?
		[ $status != 2 ] || { rm -rf "$folder"
			say "$folder was of other programs, and is dropped: $(tail -n 1 "$place/said")"; }
	else
		rm -rf "$folder"
		"$arms/base/readmostly" doctor --busy >"$place/probe" 2>&1
		play "$kind" "$folder"
		status=$?
	fi
	case $status in
	0 | 1 | 3) ;; # verdicts
	*) cat "$place/said" >&2; exit $status ;;
	esac
	"$python" -m report.regress_tally --tally "$tally" --kind "$kind" --commit "$base" \
		--probe "$(tail -n 1 "$place/probe" 2>/dev/null)" "$folder" && rm -rf "$folder"
}
while [ $SECONDS -lt $until ]; do
	kind=$(bars next "${wanted[@]}") || exit
	[ -n "$kind" ] || break
	one "$kind" || exit 2
done
bars page "$page" || exit
bars bars
