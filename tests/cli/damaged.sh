#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Outputs of a build that are empty or cut are made again, and never started.
. tests/tools/tap.sh
needs readmostly plain/gomap_rw check/gomap_rw
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT

restore() { # an undamaged copy of a build
	rm -rf "$dir/b" && mkdir -p "$dir/b/maps/plain" "$dir/b/maps/check" &&
		cp "$build/readmostly" "$dir/b" && cp "$build/maps/names.tsv" "$dir/b/maps" &&
		cp "$build"/maps/plain/gomap_rw* "$dir/b/maps/plain" && cp "$build/maps/check/gomap_rw" "$dir/b/maps/check"
}
removes() { # FILE COMMAND...: damaged.sh removes FILE, and only FILE, after COMMAND
	file=$1; shift
	restore && "$@" && (cd "$dir/b" && find . -type f | sort) >"$dir/before"
	runner/damaged.sh "$dir/b" 2>"$dir/said"
	(cd "$dir/b" && find . -type f | sort) | diff "$dir/before" - | grep '^[<>]' >"$dir/gone"
	[ "$(cat "$dir/gone")" = "< ./$file" ] && grep -qF "$file" "$dir/said"
}
cut_to() { head -c "$2" "$dir/b/$1" >"$dir/part"; cat "$dir/part" >"$dir/b/$1"; }
touch_no() { : >"$dir/b/maps/check/gomap_rw"; echo why >"$dir/b/maps/check/gomap_rw.no"; }
removes_nothing() { restore && "$@" && runner/damaged.sh "$dir/b" 2>"$dir/said" && [ ! -s "$dir/said" ]; }

check "a whole build stays" removes_nothing true
check "and an empty program that ID.no explains" removes_nothing touch_no
for bytes in 0 3 700000; do
	check "a program of $bytes bytes is removed" removes maps/check/gomap_rw cut_to maps/check/gomap_rw $bytes
done
check "so is one whose description is cut" removes maps/plain/gomap_rw cut_to maps/plain/gomap_rw.json 100
check "and readmostly itself" removes readmostly cut_to readmostly 900000

refused() { # COMMAND...: exits 2 or 3 and names the damaged program
	"$@" >"$dir/out" 2>&1
	status=$?
	{ [ $status = 2 ] || [ $status = 3 ]; } && grep -q 'gomap_rw: damaged: ' "$dir/out" ||
		{ sed "s/^/# $status /" "$dir/out"; return 1; }
}
for bytes in 0 700000; do
	restore; cut_to maps/check/gomap_rw $bytes
	check "check starts no program of $bytes bytes" refused "$dir/b/readmostly" check gomap_rw
	check "check all does not accuse its map" refused "$dir/b/readmostly" check all
done
done_testing
