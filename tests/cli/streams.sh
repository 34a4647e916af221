#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests closed, full or broken standard descriptors. No file gets their numbers, and a campaign
# whose output was lost never ends as "done".
. tests/tools/tap.sh
needs plain/gomap_rw check/gomap_rw sim/gomap_rw tests/fake_trial readmostly-history
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial RM_FAKE="=ok"
printf 'writes = 3%%\nkeys = 1Ki\nthreads = 1\nwarm-up = 1ms\nwindow = 2ms\nblocks = 2\nmaps = gomap_rw\n' >"$dir/tiny.conf"

# Starts commands without some descriptors, as a service manager may do.
for closed in "<&-" ">&-" "2>&-" "<&- >&- 2>&-"; do
	rm -rf "$dir/campaign"
	eval '"$readmostly" run "$dir/tiny.conf" -o "$dir/campaign" --counters none' "$closed" >"$out" 2>&1
	check "run $closed writes a complete campaign" \
		"$readmostly" dev validate "$dir/campaign"
	check "run $closed writes its process number to the lock" \
		grep -qx '[0-9]*' "$dir/campaign/lock"
done
"$readmostly" dev trial <&- >"$out" 2>&1
check "a trial without standard input is status 2" [ $? = 2 ]
check "the error names the missing request" contains "$out" "expected a request"

# Tests each command that prints; `check` and `replay` run briefly.
check_lost_output() { # STATUS ARGUMENTS...
	local status=$1
	shift
	"$readmostly" "$@" >/dev/full 2>"$out"
	check "full: $* is status $status" [ $? = "$status" ]
	check "full: $* reports it" contains "$out" "output was lost"
	"$readmostly" "$@" >&- 2>"$out"
	check "closed: $* is status $status" [ $? = "$status" ]
}
histories=tests/fixtures/histories
for arguments in --version --help "plan --help" "plan $dir/tiny.conf" \
	"plan --json $dir/tiny.conf" "env doctor" "env machine" "env machine --json" "dev list" \
	"dev list --json" "dev describe" "dev describe --schema" "dev dump gomap_rw" \
	"dev replay tests/fixtures/traces/good.trace" "dev validate $dir/campaign" \
	"check gomap_rw --only model --ops 100" \
	"check --history=$histories/good.jsonl" "run --resume -o $dir/campaign"; do
	# shellcheck disable=SC2086
	check_lost_output 3 $arguments
done
"$readmostly" plan "$dir/tiny.conf" >/dev/full 2>"$out"
check "the error has the system's reason" contains "$out" "lost: No space left on device"
cp -r "$dir/campaign" "$dir/damaged" && echo >>"$dir/damaged/topology.xml"
"$readmostly" dev validate "$dir/damaged" >/dev/full 2>"$out"
check "lost output does not change a status above 'done'" [ $? = 1 ]
"$build/maps/plain/gomap_rw" --help >/dev/full 2>"$out"
check "lost output of a map program's --help is status 3" [ $? = 3 ]

# If the reader of a pipe exits, SIGPIPE ends a campaign. A resume can continue it.
rm -rf "$dir/campaign"
python3 -c 'import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
sys.exit(-subprocess.call(sys.argv[1:], stdout=writer))' "$readmostly" run \
	"$dir/tiny.conf" -o "$dir/campaign" --counters none 2>"$out"
check "SIGPIPE ends a campaign whose reader has exited" [ $? = 13 ]
"$readmostly" run --resume -o "$dir/campaign" >"$out" 2>&1
check "a resume completes this campaign" \
	"$readmostly" dev validate "$dir/campaign"

# In every command, an unknown option is status 2.
for command in plan run check 'env counters' 'env doctor' 'env machine' 'dev list' 'dev import' \
	'dev replay' 'dev trial' 'dev dump' 'dev describe' 'dev sim-top' 'dev sim-sensitivity' \
	'dev timeline' 'dev validate'; do
	"$readmostly" $command --bogus >"$out" 2>&1
	check "$command --bogus is status 2" [ $? = 2 ]
done
for program in plain sim; do
	"$build/maps/$program/gomap_rw" trial --bogus >"$out" 2>&1
	check "gomap_rw trial --bogus ($program) is status 2" [ $? = 2 ]
done
done_testing
