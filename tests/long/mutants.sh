#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mutants.sh FOLDER COMMAND... - applies each FOLDER/*.patch alone to a copy of HEAD,
# runs COMMAND there, and prints whether the mutant is killed (COMMAND fails) or
# survives. COMMAND builds and tests, for example `make test`, and is run once on
# the unchanged copy first. The copy is build/long/mutants; its objects are kept. Status 1: a mutant
# survived; 2: COMMAND fails on the unchanged copy.
[ $# -ge 2 ] || { sed -n '3,7s/^# \{0,1\}//p' "$0"; exit 2; }
folder=$(realpath "$1") || exit 2
shift
cd "$(dirname "$0")/../.." || exit 2
unset MAKEFLAGS MFLAGS MAKELEVEL
place=$PWD/build/long/mutants tree=$PWD/build/long/mutants/tree
mkdir -p "$place"
[ -d "$tree" ] || git clone -q --shared . "$tree" || exit 2
git -C "$tree" checkout -qf "$(git rev-parse HEAD)" || exit 2
run() { (cd "$tree" && "$@") >"$place/log" 2>&1; }
run "$@" || { tail -n 30 "$place/log"; echo "mutants: fails without a mutant: $*" >&2; exit 2; }
killed=0 survived=0
for patch in "$folder"/*.patch; do
	git -C "$tree" apply "$patch" || exit 2
	if run "$@"; then
		survived=$((survived + 1)) word=survives
	else
		killed=$((killed + 1)) word=killed
		cp "$place/log" "$place/$(basename "$patch").log"
	fi
	echo "$word: $(basename "$patch")"
	git -C "$tree" apply -R "$patch" || exit 2
done
echo "$killed killed, $survived survived"
[ $survived = 0 ]
