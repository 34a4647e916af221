#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Breaks each detector of `readmostly explore` with one edit. The bug that needs this detector is
# then not found, or another finding is reported. Seeds are fixed.
# slow: over ten seconds of CPU time.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
build=${BUILD:-build/gcc}
cc=$(cut -d' ' -f1 "$build/flags") || exit 1
folder=verify/corpora/explored
flags='-std=c11 -D_GNU_SOURCE -w -pthread -O2 -fno-lto -I.'
libraries="$(pkg-config --libs hwloc inih jansson zlib) -lm -ldl"

# row BUG: prints folder, finding and schedules of the bug in tools.tsv.
row() { awk -F'\t' -v id="$1" '$1 == id { print $2 "\t" $3 "\t" $4 }' $folder/tools.tsv; }
bugs=$(grep -v '^#' $folder/detector_mutants.tsv | cut -f3 | sort -u)
files=$(for bug in $bugs; do echo "verify/corpora/$(row "$bug" | cut -f1)/$bug.c"; done)

# shellcheck disable=SC2086
builds() { tests/tools/with_impl.sh "$dir/build" explore $files; }

# link_program BUG FILE EDIT: links the bug's program with the edited file. If this is a header, all
# files are compiled again.
link_program() {
	local bug=$1 sources=$2 name
	rm -rf "$dir/edited" && mkdir -p "$dir/edited/verify/explore"
	[ "${2%.h}" = "$2" ] || sources='access.c heap.c clocks.c lock_step.c'
	sed "$3" "verify/explore/$2" >"$dir/edited/verify/explore/$2"
	cmp -s "verify/explore/$2" "$dir/edited/verify/explore/$2" && return 1
	for name in $sources; do
		[ -f "$dir/edited/verify/explore/$name" ] ||
			cp "verify/explore/$name" "$dir/edited/verify/explore"
		# shellcheck disable=SC2086
		$cc -I"$dir/edited" $flags -c -o "$dir/edited/${name%.c}.o" \
			"$dir/edited/verify/explore/$name" || return 1
	done
	# shellcheck disable=SC2086
	$cc -pthread -o "$dir/explore" "$(ls "$build"/sim/verify/corpora/*/"$bug.o")" "$dir"/edited/*.o \
		-Wl,--defsym=rm_this_map="rm_impl_$bug" "$build/explore.a" $libraries
}

# run_bug BUG PROGRAM: runs the bug's schedules; fails if the program crashes or hangs. It exits 3
# if the edit hides its own injected bug, too.
run_bug() {
	timeout 1000 "$2" "$1" --schedules "$(row "$1" | cut -f3)" >"$dir/out" 2>&1
	case $? in
	0 | 1 | 3) ;;
	*) sed 's/^/# /' "$dir/out"; return 1 ;;
	esac
}
is_reported() { grep -q "^FAIL $1: .*: $(row "$1" | cut -f2)\$" "$dir/out"; } # BUG
found() { run_bug "$1" "$2" && is_reported "$1"; }
missed() { # BUG FILE EDIT
	link_program "$1" "$2" "$3" && run_bug "$1" "$dir/explore" && ! is_reported "$1"
}

check 'the bugs are compiled' builds
[ -x "$dir/build/readmostly" ] || { done_testing; exit 1; }
for bug in $bugs; do
	check "$bug is found" found "$bug" "$dir/build/maps/explore/$bug"
done
while IFS=$'\t' read -r file edit bug; do
	[ "${file#\#}" = "$file" ] || continue
	check "$file without its detector does not find $bug" missed "$bug" "$file" "$edit"
done <$folder/detector_mutants.tsv
done_testing
