#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests limits on memory and threads. Cells that exceed a limit are skipped, the reason names the
# limit, and no map is reported as faulty.
. tests/tools/tap.sh
needs readmostly plain/gomap_rw check/gomap_rw explore/gomap_rw
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bin=$build/readmostly

# ---- control groups of another machine --------------------------------------
mkdir -p "$dir/proc/self" "$dir/sys/fs/cgroup/box"
echo 0::/box/inner >"$dir/proc/self/cgroup"
echo 64 >"$dir/sys/fs/cgroup/box/pids.max"
echo 20 >"$dir/sys/fs/cgroup/box/pids.current"
echo 67108864 >"$dir/sys/fs/cgroup/box/memory.max"
echo 50000 100000 >"$dir/sys/fs/cgroup/box/cpu.max"
cat >"$dir/w.conf" <<'END'
writes = 3%
keys = 1Ki 2Mi
threads = 1 60
base = gomap_rw
maps = gomap_rw
control = none
END
RM_SYSFS=$dir "$bin" plan "$dir/w.conf" >"$dir/plan" 2>&1
check "cells with too many threads are left out" contains "$dir/plan" \
	"needs 61 processes and threads, 44 are left (/sys/fs/cgroup/box/pids.max = 64): raise this limit"
check "cells with too many keys are left out" contains "$dir/plan" \
	"of memory and may take 32, half of what is left (/sys/fs/cgroup/box/memory.max = 67108864): raise this limit"
check "the other cells are planned" contains "$dir/plan" "11 trials in 10 rounds"
check "the plan warns of a CPU quota" contains "$dir/plan" "the control group may use 0.50 of "
RM_SYSFS=$dir "$bin" env doctor >"$dir/doctor" 2>&1
check "the description of the machine has the limits" contains "$dir/doctor" \
	"64 MiB of memory (/sys/fs/cgroup/box/memory.max = 67108864) and 44 processes and threads"
RM_SYSFS=$dir "$bin" dev dump gomap_rw -k 2Mi >"$dir/out" 2>"$dir/err"
check "dump rejects keys that do not fit into memory" [ "$? $(grep -c \
	'keys 2097152 needs about 192 MiB of memory and may take 32, half' "$dir/err")" = "3 1" ]
"$bin" explore gomap_rw --schedules 300 --steps 1 --cpus 1 >"$dir/out" 2>&1
check "a low limit of steps is no livelock of the map" [ "$? $(grep -c \
	'^open gomap_rw: .* 300 undecided; .*the limit of --steps was reached' "$dir/out")" = "3 1" ]
mkdir -p "$dir/hidden/proc/self" "$dir/hidden/sys/fs/cgroup"
cp "$dir/proc/self/cgroup" "$dir/hidden/proc/self/"
for command in plan "run --busy-ok -o $dir/hidden.run --set blocks=1 --set window=1ms --set repeat-most=0 --maps gomap_rw"; do
	RM_SYSFS=$dir/hidden "$bin" $command "$dir/w.conf" --set keys=1Ki --set threads=1 >"$dir/out" 2>&1
	check "${command%% *} reports that a quota cannot be read" contains "$dir/out" \
		"whether a CPU quota applies is unknown: /sys/fs/cgroup has no readable files"
done
RM_SYSFS=$dir/hidden "$bin" env doctor >"$dir/doctor" 2>&1
check "env reports that a quota cannot be read" \
	grep -q "^unknown  cgroup  .*whether a CPU quota applies is unknown" "$dir/doctor"
check "env reports that other limits are unknown" \
	contains "$dir/doctor" "; limits of the control group are unknown"

(ulimit -f 0; "$bin" plan "$dir/w.conf" >"$dir/none") 2>&1 | cat >"$dir/err"
check "a limit on the size of files ends no program without a message" contains "$dir/err" \
	"standard output was lost: File too large"
(ulimit -s 500; "$bin" plan "$dir/w.conf") 2>"$dir/err"
check "a small stack is refused" [ $? = 2 ]
check "the error about a small stack has the next step" \
	contains "$dir/err" "not available here: a stack of 1024 KiB: run"

# ---- filters of system calls ------------------------------------------------
for call in sched_getaffinity flock fsync; do
	timeout 20 python3 tests/fixtures/refuse_call.py $call "$bin" run "$dir/w.conf" --busy-ok -o "$dir/$call" 2>"$dir/err"
	status=$?
	[ $status != 77 ] || { skip "$call is refused" "no filters here"; continue; }
	check "without $call() the status is 3" [ $status = 3 ]
	check "the error names $call()" contains "$dir/err" "refuses $call(): "
done
for limit in -t -St; do # SIGKILL, SIGXCPU
	(ulimit $limit 1; "$bin" explore gomap_rw --budget 20 --cpus 1) >"$dir/explore" 2>&1
	check "an exploration without CPU time has status 3" [ $? = 3 ]
	check "the error names the limit ulimit $limit" \
		contains "$dir/explore" "the tightest limit is ulimit -t"
done

# ---- limits of this process -------------------------------------------------
if [ "${SANITIZE:-}" ] || ! (ulimit -v 60000 && "$bin" --version) >/dev/null 2>&1; then
	skip "ulimit -v" "sanitizers map more memory"
	done_testing
	exit
fi
(ulimit -v 60000; "$bin" check gomap_rw --shape u64x8 --only readers --ops 100 --threads 16) >"$dir/check" 2>&1
check "a check without threads has status 3" [ $? = 3 ]
check "a check without threads is not counted as failed" \
	contains "$dir/check" "check: 0 ok, 0 failed, 0 skipped, 1 not run"
check "the output names the limit on memory" \
	contains "$dir/check" "the tightest limit is ulimit -v (bytes) = 61440000: raise it, or use less"
"$bin" plan --requests "$dir/w.conf" --set keys=1Mi --set threads=1 --set presize=no | head -n 1 >"$dir/request"
(ulimit -v 60000; "$build/maps/plain/gomap_rw" trial <"$dir/request") >"$dir/trial" 2>&1
check "a trial that crashes for lack of memory names the reason" \
	contains "$dir/trial" "Cannot allocate memory"
run() { RM_PAGE=no RM_SYSFS=$dir "$bin" run -o "$dir/run" --busy-ok --counters none "$@" >"$dir/out" 2>&1; }
run "$dir/w.conf" --set blocks=1 --set window=1ms --set repeat-most=0
check "a run prints which cells a limit left out, and the next step" contains "$dir/out" \
	"set fewer keys; without this limit, --resume runs the cell"
measured=$(wc -l <"$dir/run/trials.jsonl")
echo 1000 >"$dir/sys/fs/cgroup/box/pids.max"
run --resume
check "a resume names the limit that is left" contains "$dir/out" "cells: beyond a limit: a trial needs about"
check "a resume under the same limit runs nothing" \
	[ "$(wc -l <"$dir/run/trials.jsonl")" = "$measured" ]
check "the campaign is valid after both runs" "$bin" dev validate "$dir/run"
echo max >"$dir/sys/fs/cgroup/box/memory.max"
echo max 100000 >"$dir/sys/fs/cgroup/box/cpu.max"
run --resume
check "a resume names settings that changed" contains "$dir/out" 'cgroup_quota was "50000 100000" when the campaign'
check "without limits a resume runs the cells" [ $? = 0 ]
check "a resume without limits runs each of these cells once, and keeps the others" \
	[ "$(wc -l <"$dir/run/trials.jsonl")" = $((measured + 3)) ]
check "the campaign is valid after this resume" "$bin" dev validate "$dir/run"
"$bin" report "$dir/run" >"$dir/page" 2>&1
check "the report counts the trials of these cells" \
	sh -c "! grep -rE 'beyond a limit' '$dir/page' '$dir/run/report'"
rm "$dir/run/topology.xml"
run --resume
check "without topology.xml a resume names the next step" contains "$dir/out" \
	"topology.xml: cannot be read: No such file or directory: restore it from a copy, or start anew in another folder"
"$bin" dev validate "$dir/run" >"$dir/out"
check "and dev validate does not advise a resume" contains "$dir/out" "next: restore the file from a copy"
(ulimit -v 60000; "$bin" explore gomap_rw --schedules 1) >"$dir/explore" 2>&1
check "an exploration without memory has status 3" [ $? = 3 ]
check "an exploration without memory names the limit" \
	contains "$dir/explore" "not explored: the tightest limit is ulimit -v"
done_testing
