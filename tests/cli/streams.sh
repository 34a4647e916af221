#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Standard descriptors that are closed, full or broken: no file takes their
# number, and output that is lost is never "done".
. tests/tools/tap.sh
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial RM_FAKE="=ok"
printf 'writes = 3%%\nkeys = 1Ki\nthreads = 1\nwarm-up = 1ms\nwindow = 2ms\nblocks = 2\nmaps = gomap_rw\n' >"$dir/tiny.conf"

# A service that gives no descriptors.
for closed in "<&-" ">&-" "2>&-" "<&- >&- 2>&-"; do
	rm -rf "$dir/campaign"
	eval '"$readmostly" run "$dir/tiny.conf" -o "$dir/campaign" --counters none' "$closed" >"$out" 2>&1
	check "run $closed writes a whole campaign" \
		"$readmostly" validate "$dir/campaign"
	check "run $closed leaves its process number in the lock" \
		grep -qx '[0-9]*' "$dir/campaign/lock"
done
"$readmostly" trial <&- >"$out" 2>&1
check "a trial without standard input is status 2" [ $? = 2 ]
check "and says why" says "$out" "request unreadable"

# Each command that prints; `check` and `replay` run for a moment only.
lost() { # STATUS ARGUMENTS...
	local status=$1
	shift
	"$readmostly" "$@" >/dev/full 2>"$out"
	check "full: $* is status $status" [ $? = "$status" ]
	check "full: $* says so" says "$out" "output was lost"
	"$readmostly" "$@" >&- 2>"$out"
	check "closed: $* is status $status" [ $? = "$status" ]
}
histories=tests/fixtures/histories
for arguments in --version --help "plan --help" "plan $dir/tiny.conf" \
	"plan --json $dir/tiny.conf" doctor machine "machine --json" list \
	"list --json" describe "describe --schema" "dump gomap_rw" \
	"replay tests/fixtures/traces/good.trace" "validate $dir/campaign" \
	"check gomap_rw --only model --ops 100" \
	"check --history=$histories/good.jsonl" "run --resume -o $dir/campaign"; do
	# shellcheck disable=SC2086
	lost 3 $arguments
done
"$readmostly" plan "$dir/tiny.conf" >/dev/full 2>"$out"
check "with the system's reason" says "$out" "lost: No space left on device"
cp -r "$dir/campaign" "$dir/damaged" && echo >>"$dir/damaged/topology.xml"
"$readmostly" validate "$dir/damaged" >/dev/full 2>"$out"
check "a verdict that says more than done stays" [ $? = 1 ]
"$build/readmostly-sim" maps >/dev/full 2>"$out"
check "the simulated machine's list is no exception" [ $? = 3 ]
"$build/readmostly-sim" --version >/dev/full 2>"$out"
check "nor is its version" [ $? = 3 ]

# A reader that goes: the signal ends a campaign, and it can be resumed.
rm -rf "$dir/campaign"
python3 -c 'import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
sys.exit(-subprocess.call(sys.argv[1:], stdout=writer))' "$readmostly" run \
	"$dir/tiny.conf" -o "$dir/campaign" --counters none 2>"$out"
check "a reader that went ends a campaign by SIGPIPE" [ $? = 13 ]
"$readmostly" run --resume -o "$dir/campaign" >"$out" 2>&1
check "and a resume completes it" \
	"$readmostly" validate "$dir/campaign"

# A mistake in the options is status 2, whatever the command.
for command in list import plan replay run trial check dump counters doctor machine \
	describe sim-top sim-sensitivity timeline validate; do
	"$readmostly" $command --bogus >"$out" 2>&1
	check "$command --bogus is status 2" [ $? = 2 ]
done
"$build/readmostly-sim" trial --bogus >"$out" 2>&1
check "readmostly-sim trial --bogus, too" [ $? = 2 ]
done_testing
