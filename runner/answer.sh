#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# answer.sh crossover A B | claims [ID...] - `make crossover`, `make bench SET=claims`: installs missing packages,
# builds the maps, measures and writes the page. It writes the page even after a failure, unless nothing was started
# (status 2); the path of the page is the last line. MODE: quick or another one. Further ARGUMENTS are passed to the
# command. Status: the command's or, if that is 0, the page's. BENCH_DRY=1 only prints what it would build.
what=$1; shift
maps=()
. runner/programs.sh
. runner/mode.sh
SET=$what find_mode quick || exit
get_packages
case $what in
crossover)
	missing=$([ -n "$1" ] || echo ' A')$([ -n "$2" ] || echo ' B')
	if [ -n "$missing" ]; then
		echo "$what: missing:$missing: expected A=<map> B=<map>" >&2
		exit 2
	fi
	maps=(--maps "$1,$2") chosen="A=$1 B=$2"
	command=(dev crossover "$1" "$2")
	shift 2
	;;
*) command=(dev claims run) ;;
esac
needs_of --mode "$mode" "${maps[@]}"
if [ -n "$BENCH_DRY" ]; then
	echo "$what: built for $mode_words: $(needed plain)"
	exit 0
fi
build_needed
[ $what = crossover ] || go_open
command=("$build/readmostly" "${command[@]}" --mode "${MODE:-quick}" "$@")
measure "${command[@]}"
[ $what = crossover ] || campaign+=/stage-01 # claims run in a single stage
find_python || exit 3
page=$("$python" -m report "$campaign")
reported=$?
tail -n 2 <<<"$page" # the command has printed the other lines
[ $ran != 0 ] && exit $ran
exit $reported
