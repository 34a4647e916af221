#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests both gates on a disk that becomes full before or during builds, trials or output. The error
# is one line with status 2, and the next call with enough space does not use partial files.
# slow: over five seconds of CPU time; not part of `make check`.
. tests/tools/tap.sh
build=$(realpath "${BUILD:-build/gcc}")
dir=$(mktemp -d)
trap 'umount "$dir/tree/build" "$dir/small" 2>/dev/null; rm -rf "$dir"' EXIT
. tests/tools/stub_gate.sh
mkdir "$tree/build" "$dir/small"
disk() { mount -t tmpfs -o "size=$2" tmpfs "$1" 2>/dev/null; } # FOLDER SIZE
if ! disk "$tree/build" 400m || ! disk "$dir/small" 40m; then
	skip "both gates on a full disk" "no right to mount a tmpfs"
	done_testing
	exit
fi
arms() { gate "$1" runner/regress_arms.sh HEAD; }
exact() { # NAME: runs the exact gate on two short cells
	MAPS=gomap_rw,syncmap gate "$1" runner/regress_exact.sh HEAD '' --set keys=1Ki \
		--set threads=1 --set window=500ops --set write-kind=update
}
# fill_disk FOLDER KIB: fills the disk except for KIB.
fill_disk() {
	local have
	rm -f "$1/ballast"
	have=$(df -k --output=avail "$1" | tail -n 1)
	head -c $(((have - $2) * 1024)) /dev/zero >"$1/ballast"
}
free_disk() { rm -f "$1/ballast"; }
one_line() { # NAME FOLDER
	[ $status = 2 ] && [ "$(grep -vc ^building "$dir/$1.err")" = 1 ] &&
		grep -q "^regress[-a-z]*: .*$2.*: no space left on its disk: make room (df -h .*).*, then run the same command again$" "$dir/$1.err"
}
program_kib=$(du -k --apparent-size "$dir/programs/plain/gomap_rw" | cut -f1)

# The disk is full before anything is built.
for which in arms exact; do
	fill_disk "$tree/build" 1000
	$which before_$which
	check "$which: a full disk is reported at once" one_line before_$which build
	check "$which: nothing is built" [ ! -e "$dir/log" ]
	free_disk "$tree/build"
done

# The disk becomes full while base is unpacked or built. The programs of head and the plan exist.
arms whole
check "with enough space the arms are built" [ $status = 0 ]
tree_kib=$(du -k -s "$tree/build/regress-base/tree" | cut -f1)
for missing in 16500 $((tree_kib + program_kib / 2)); do
	rm -rf "$tree/build/regress-base" "$tree/build/regress-copy"
	fill_disk "$tree/build" "$missing"
	arms "within_$missing"
	check "$missing KiB are too little for base: the error is one line" \
		one_line "within_$missing" build/regress-base
	check "no note of the build is left" [ ! -e "$tree/build/regress-base/built" ]
	free_disk "$tree/build"
	arms "after_$missing"
	check "with enough space the same call builds everything" eval '[ $status = 0 ] &&
		cmp -s "$dir/programs/plain/syncmap" "$tree/build/regress-copy/maps/plain/syncmap"'
done

# The exact gate: the disk becomes full while its arms are built, or while they are copied to the
# folder of trials.
exact equal
check "with enough space counts are compared" [ $status = 0 ]
for missing in 16500; do
	rm -rf "$tree"/build/regress-exact/????????????-*
	fill_disk "$tree/build" "$missing"
	exact "exact_$missing"
	check "$missing KiB are too little for an arm of the exact gate: the error is one line" \
		one_line "exact_$missing" build/regress-exact
	check "no arm of the exact gate is left" \
		[ -z "$(find "$tree/build/regress-exact" -maxdepth 1 -name '????????????-*')" ]
	free_disk "$tree/build"
done
exact exact_after
check "with enough space the same call compares counts" \
	contains "$dir/exact_after" "equal: 2 cells: 2 same program"
for missing in 1000 17000; do
	fill_disk "$dir/small" $missing
	TMPDIR=$dir/small exact "answers_$missing"
	check "$missing KiB are too little for trials: the error is one line" \
		one_line "answers_$missing" "$dir/small"
	check "nothing is left in the folder of trials" [ "$(ls "$dir/small")" = ballast ]
done

# The time gate with fake trials: the disk becomes full while it measures, or while it writes the
# results. The runner has only the maps of the plan, because campaign.json, which must fit, describes
# all built maps.
mkdir "$dir/arms"
for arm in base copy head; do
	cp "$build/tests/fake_trial" "$dir/arms/$arm"
done
timed() { # NAME ARGUMENTS: sets status
	local name=$1; shift
	RM_FAKE=regress=cost:20 BUSY=ok MAPS=gomap_rw CELLS='*1Ki update*' WHY=no RUNNER=$tree/build/regress-head/readmostly \
		runner/regress.sh "$dir/arms/base" "$dir/arms/copy" "$dir/arms/head" "$@" \
		>"$dir/$name" 2>"$dir/$name.err"
	status=$?
	sed 's/^/# /' "$dir/$name" "$dir/$name.err" | cut -c1-300
}
fill_disk "$dir/small" 1000
TMPDIR=$dir/small timed calibration -o "$dir/results/calibration"
check "without space for the calibration the error is one line" one_line calibration "$dir/small"
free_disk "$dir/small"
fill_disk "$dir/small" 200
timed journal --seed 1 --set blocks=20 -o "$dir/small/journal"
check "a disk that fills during measurement is status 2" [ $status = 2 ]
check "the error names the file and the command that continues" eval 'contains "$dir/journal.err" \
	"journal/trials.jsonl: cannot be written: No space left on device" &&
	contains "$dir/journal.err" "run -o $dir/small/journal --resume"'
check "no verdict is written" [ ! -e "$dir/small/journal/report" ]
free_disk "$dir/small"
timed resumed -o "$dir/small/journal" --resume
check "with enough space the run continues to its verdict" \
	eval '[ $status = 0 ] && contains "$dir/resumed" "verdict: PASS"'
rm -r "$dir/small/journal/report"
fill_disk "$dir/small" 0
timed report -o "$dir/small/journal" --resume
check "a disk full at the verdict is status 2" [ $status = 2 ]
check "the error names the file and the command that prints the verdict" \
	grep -qE "^regress: .*small/journal.*: No space left on device: free space [(]df[)], then python3 -m report regress $dir/small/journal" "$dir/report.err"
check "no partial verdict is left" \
	[ -z "$(find "$dir/small/journal/report" -name 'verdicts.json*')" ]
free_disk "$dir/small"
timed written -o "$dir/small/journal" --resume
check "with enough space this command prints the verdict" \
	eval '[ $status = 0 ] && contains "$dir/written" "verdict: PASS"'
done_testing
