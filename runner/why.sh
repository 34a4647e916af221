#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# why.sh exact|time FOLDER REASONS BASE HEAD - finds the functions of a failing cell that execute different instructions
# in head and in base: runs both arms (a folder of map programs, or one program) under cachegrind, lists the files that
# differ between the commits, and prints the functions (report/exact/why.py). REPO: the repository of the commits.
# Status: 0; 2 usage or input.
. runner/base/environment.sh
export LC_ALL=C
kind=$1 folder=$2 into=$3 base=$4 head=$5
fail() { echo "why: $*" >&2; exit 2; }
[ $# = 5 ] || fail "expected exact|time FOLDER REASONS BASE HEAD"
python=$(command -v "${PYTHON:-python3}") || fail "no python3 here"
rm -rf "$into" && mkdir -p "$into/base" "$into/head" || fail "$into cannot be written"
"$python" -m report.exact.why ask "$kind" "$folder" "$into" || exit 2
[ -s "$into/cells.json" ] || exit 0

program_of() { # ARM MAP
	if [ -d "$1" ]; then echo "$1/plain/$2"; else echo "$1"; fi
}

if ! command -v valgrind >/dev/null; then
	echo "not counted: valgrind is not installed (package valgrind)" >"$into/no-instructions"
else
	# One process per CPU; instruction counts do not depend on each other.
	# shellcheck disable=SC2016
	while read -r number map; do
		printf '%s\0' base "$number" "$(program_of "$base" "$map")"
		printf '%s\0' head "$number" "$(program_of "$head" "$map")"
	done <"$into/order" | xargs -0 -P "$(nproc)" -n 3 sh -c '
		valgrind --tool=cachegrind --cache-sim=no --fair-sched=yes \
			--cachegrind-out-file="$0/$1/$2.cachegrind" "$3" trial \
			<"$0/requests/$2" >"$0/$1/$2" 2>"$0/$1/$2.err" || :' "$into"
fi

if [ -s "$into/base.commit" ]; then
	# shellcheck disable=SC2046 # no head is the work tree
	git -C "${REPO:-.}" diff --name-only "$(cat "$into/base.commit")" $(cat "$into/head.commit") -- \
		>"$into/changed" 2>"$into/changed.err" || rm -f "$into/changed"
fi
"$python" -m report.exact.why tell "$into"
