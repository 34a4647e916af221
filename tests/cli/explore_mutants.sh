#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each detector of `readmostly explore`, broken by one edit: the bug that it is
# there for is no longer found as what it is. Seeds, no chance.
# slow: over five seconds of CPU time; not part of `make check`.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
build=${BUILD:-build/gcc}
cc=$(cut -d' ' -f1 "$build/flags") || exit 1
folder=tests/fixtures/explored
flags='-std=c11 -D_GNU_SOURCE -w -pthread -O2 -fno-lto -I.'
libraries="$(pkg-config --libs hwloc inih jansson zlib) -lm -ldl"

# row BUG: folder, finding and schedules of its line in tools.tsv.
row() { awk -F'\t' -v id="$1" '$1 == id { print $2 "\t" $3 "\t" $4 }' $folder/tools.tsv; }
bugs=$(grep -v '^#' $folder/detector_mutants.tsv | cut -f3 | sort -u)
files=$(for bug in $bugs; do echo "tests/fixtures/$(row "$bug" | cut -f1)/$bug.c"; done)

# shellcheck disable=SC2086
builds() { SIM_MAPS=$(echo $bugs) tests/tools/explore_with.sh "$dir/build" $files; }

# linked FILE EDIT: the program with that file, or with that header for all.
linked() {
	local sources=$1 b=$dir/build name
	rm -rf "$dir/edited" && mkdir -p "$dir/edited/runner/sim/explore"
	[ "${1%.h}" = "$1" ] || sources='access.c heap.c clocks.c reach.c'
	sed "$2" "runner/sim/explore/$1" >"$dir/edited/runner/sim/explore/$1"
	cmp -s "runner/sim/explore/$1" "$dir/edited/runner/sim/explore/$1" && return 1
	for name in runner/sim/explore/*.c; do
		cp "$b/${name%.c}.o" "$dir/edited" || return 1
	done
	for name in $sources; do
		[ -f "$dir/edited/runner/sim/explore/$name" ] ||
			cp "runner/sim/explore/$name" "$dir/edited/runner/sim/explore"
		# shellcheck disable=SC2086
		$cc -I"$dir/edited" $flags -c -o "$dir/edited/${name%.c}.o" \
			"$dir/edited/runner/sim/explore/$name" || return 1
	done
	# shellcheck disable=SC2046,SC2086
	$cc -pthread -o "$dir/explore" "$dir"/edited/*.o "$b"/runner/sim/guest/{ctx,space}.o \
		"$b"/runner/{base,history,protocol}/*.o "$b"/runner/impl_find.o \
		"$b"/runner/cli/{argument,standard}.o "$b"/build_info.o "$b"/sim/maps.o \
		$(for bug in $bugs; do ls "$b"/sim/tests/fixtures/*/"$bug.o"; done) $libraries
}

# tried BUG PROGRAM: within the bug's schedules; a program that does not come to
# its end tells nothing.
tried() {
	timeout 1000 "$2" "$1" --schedules "$(row "$1" | cut -f3)" >"$dir/out" 2>&1
	[ $? -le 1 ] || { sed 's/^/# /' "$dir/out"; return 1; }
}
named() { grep -q "^FAIL $1: .*: $(row "$1" | cut -f2)\$" "$dir/out"; } # BUG
found() { tried "$1" "$2" && named "$1"; }
missed() { # BUG FILE EDIT
	linked "$2" "$3" && tried "$1" "$dir/explore" && ! named "$1"
}

check 'the bugs build' builds
[ -x "$dir/build/readmostly-explore" ] || { done_testing; exit 1; }
for bug in $bugs; do
	check "$bug is found" found "$bug" "$dir/build/readmostly-explore"
done
while IFS=$'\t' read -r file edit bug; do
	[ "${file#\#}" = "$file" ] || continue
	check "$file without its detector does not find $bug" missed "$bug" "$file" "$edit"
done <$folder/detector_mutants.tsv
done_testing
