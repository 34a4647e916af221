#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Build outputs that are empty or truncated are built again and never started.
. tests/tools/tap.sh
needs readmostly plain/gomap_rw check/gomap_rw
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
checked=maps/check/gomap_rw plain=maps/plain/gomap_rw

restore() { # makes an undamaged copy of a build
	rm -rf "$dir/b" && mkdir "$dir/b" &&
		(cd "$build" && cp --parents readmostly maps/names.tsv $checked $plain $plain.json "$dir/b")
}
cut_to() { head -c "$2" "$dir/b/$1" >"$dir/part"; cat "$dir/part" >"$dir/b/$1"; } # FILE BYTES
unmode() { chmod a-x "$dir/b/$checked"; }
explain() { cut_to $checked 0; unmode; echo "a reason" >"$dir/b/$checked.no"; }
removes() { # FILES COMMAND...: damaged.sh removes FILES, and no other, after COMMAND
	files=$1; shift
	restore && "$@" && find "$dir/b" -type f | sort >"$dir/before"
	runner/damaged.sh "$dir/b" "$dir/b" 2>"$dir/out"
	find "$dir/b" -type f | sort | diff "$dir/before" - | sed -n "s|^< $dir/b/||p" | paste -sd' ' >>"$dir/out"
	[ "$(tail -n 1 "$dir/out")" = "$files" ] || { sed 's/^/# /' "$dir/out"; return 1; }
}
refuses() { # STATUS PATTERN COMMAND...
	status=$1 pattern=$2; shift 2
	"$dir/b/readmostly" "$@" >"$dir/out" 2>&1
	[ $? = "$status" ] && grep -q "$pattern" "$dir/out" || { sed 's/^/# /' "$dir/out"; return 1; }
}

check "a whole build stays" removes "" true
check "so does an empty program that ID.no explains" removes "" explain
check "a program without permission is removed" removes $checked unmode
check "so is a cut readmostly" removes readmostly cut_to readmostly -1000
for bytes in 0 3 -1000; do
	check "and a program of $bytes bytes" removes $checked cut_to $checked $bytes
	restore; cut_to $checked $bytes
	check "check does not start it" refuses 2 'gomap_rw: damaged: .*NEEDED=check/gomap_rw`' check gomap_rw
	check "check all does not judge its map" refuses 3 '^open gomap_rw: not run: .*: damaged: ' check all
done
check "and one whose description is cut" removes "$plain $plain.json" cut_to $plain.json 100
restore; cut_to $plain.json 100
check "readmostly names it" refuses 3 'gomap_rw.json: damaged: .*run `make` again' dev list
done_testing
