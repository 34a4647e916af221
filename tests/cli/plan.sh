#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests `readmostly plan`, `env machine` and `env doctor` on the command line.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe plain/gomap plain/hash_fnv1a plain/hold_go_rw tests/fake_trial
bin=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
out=$dir/out err=$dir/err

# status N COMMAND...: true if the command exits with N.
status() {
	want=$1; shift
	"$@" >"$out" 2>"$err"
	got=$?
	[ $got = "$want" ] || { echo "# status $got"; sed 's/^/# /' "$err"; return 1; }
}

# refuses TEXT COMMAND...: status 2, nothing on standard output, one line with TEXT on standard
# error.
refuses() {
	text=$1; shift
	status 2 "$@" && [ ! -s "$out" ] && [ "$(wc -l <"$err")" = 1 ] &&
		contains "$err" "$text"
}

cat >"$dir/tiny.conf" <<'END'
writes  = 3%          # a comment
keys    = 1Ki
threads = 1
maps    = gomap_rw rwlock_probe
window  = 10ms
blocks  = 3
END

check "a plan is a table" status 0 "$bin" plan "$dir/tiny.conf"
check "the plan has the number of trials and the time" contains "$out" "8 trials in 3 rounds, about"
check "plan prints nothing on standard error" test ! -s "$err"
check "--cells lists cells" status 0 "$bin" plan --cells "$dir/tiny.conf"
check "--cells prints the ids of cells" contains "$out" \
	"tiny/gomap_rw/u64x8/n1024/w3/update/m0/uniform/t1/cores/throughput: 3 x"

check "two placements of one thread are planned" status 0 env \
	HWLOC_SYNTHETIC=pu:2 "$bin" plan --set placement="cores compact" "$dir/tiny.conf"
check "the plan prints the number of equal cells" contains "$out" \
	"2 cells equal another on this machine and run once (--cells lists them)"
check "the plan prints no number of equal cells if it is 0" eval \
	'status 0 "$bin" plan "$dir/tiny.conf" && ! grep "equal another" "$out"'

cat >"$dir/halves.conf" <<'END'
writes  = 3%
keys    = 64
threads = 2
maps    = gomap gomap_rw
base    = gomap_rw
blocks  = 2
END
check "two maps are planned, of which one has no lock" status 0 \
	env HWLOC_SYNTHETIC=pu:2 "$bin" plan "$dir/halves.conf"
check "a row counts the cells that run, the skipped cells, and the trials" \
	grep -qE '^halves +throughput +1 +1 +2 ' "$out"

check "a plan that skips all of its cells is status 3" status 3 \
	env HWLOC_SYNTHETIC=pu:2 "$bin" plan --maps gomap "$dir/halves.conf"
check "the reason for which all cells are skipped is printed" \
	contains "$err" "every cell that measures is skipped: unsafe: "
short="no map will be ranked: 2 maps need at least 6 blocks, not 3: --set blocks=6"
check "too few blocks are reported by the plan" eval 'status 0 "$bin" plan "$dir/tiny.conf" && contains "$out" "$short"'
check "the plan does not report enough blocks" eval \
	'status 0 "$bin" plan --set blocks=6 "$dir/tiny.conf" && ! grep "be ranked" "$out"'
check "run reports too few blocks before it measures" eval \
	'status 0 "$bin" run --busy-ok --counters none --set window=2ms -o "$dir/short" "$dir/tiny.conf" && contains "$err" "$short"'
mkdir -p "$dir/fresh/maps" && cp "$bin" "$dir/fresh" && cp "${bin%/*}/maps/names.tsv" "$dir/fresh/maps"
check "a plan of maps that are not built is an error" status 2 "$dir/fresh/readmostly" plan "$dir/tiny.conf"
check "the error has one command that builds all of these maps" contains "$err" \
	"all programs of this plan: make programs NEEDED='plain/gomap_rw plain/rwlock_probe'"

check "a plan names threads that share CPUs, and counters that cannot run" eval \
	'status 0 "$bin" plan --set threads="cpus*2" --set "measure=throughput counters" "$dir/tiny.conf" &&
		grep -qE "^[0-9]+ threads share [0-9]+ CPUs?$" "$out" &&
		grep -qE "^counters: (none here: 2 cells will be skipped|(perf|likwid) here: 2 cells will be counted)" "$out"'
check "and only these" eval 'status 0 "$bin" plan "$dir/tiny.conf" && ! grep -qE "threads share|^counters" "$out"'
check "--json is JSON" status 0 "$bin" plan --json "$dir/tiny.conf"
# shellcheck disable=SC2016
check "the JSON has cells, order and seed" "$(report/find_python.sh)" -c '
import json, sys
plan = json.load(open(sys.argv[1]))
assert len(plan["cells"]) == 4 and plan["seed"] == 1
assert [len(block) for block in plan["order"]] == [4, 2, 2]
assert sorted(plan["order"][1]) == sorted(plan["order"][2])' "$out"
cp "$out" "$dir/first"
check "--requests prints a line for each cell that runs" status 0 "$bin" plan --requests "$dir/tiny.conf"
check "--requests prints no line for other cells" eval \
	'[ "$(wc -l <"$out")" = 4 ] && [ "$("$bin" plan --requests "$dir/halves.conf" --set threads=1 | wc -l)" = 4 ] &&
	[ "$("$bin" plan --requests "$dir/halves.conf" --maps gomap | wc -l)" = 0 ]'
grep -m1 '"map":"gomap_rw".*"measure":"throughput"' "$out" >"$dir/request"
check "a trial accepts such a request" eval '"$bin" dev trial <"$dir/request" >"$dir/answer"'
check "the trial prints the result of the requested cell" \
	eval 'grep -q "\"status\":\"\(ok\|void\)\"" "$dir/answer" &&
	grep -qF "$(grep -o "\"id\":\"[^\"]*\"" "$dir/request" | cut -d: -f2)" "$dir/answer"'
RM_FAKE="=idle" "$bin" dev trial "${bin%/*}/tests/fake_trial" <"$dir/request" >"$out"
check "another program runs the request, and its result is judged" \
	contains "$out" '"status":"void","reason":"thread 0 was never scheduled'
RM_FAKE="=crash" "$bin" dev trial "${bin%/*}/tests/fake_trial" <"$dir/request" >"$out" 2>&1
check "a crash of it is status 3" [ $? = 3 ]
status 0 "$bin" plan --json "$dir/tiny.conf"
sed -i 's/"estimate_ns": *[0-9]*//g' "$dir/first" "$out" # measured again
check "the same seed gives the same cells in the same order" cmp -s "$out" "$dir/first"
status 0 "$bin" plan --json --seed 2 --set "blocks=40" "$dir/tiny.conf"
cp "$out" "$dir/first"
status 0 "$bin" plan --json --seed 3 --set "blocks=40" "$dir/tiny.conf"
# shellcheck disable=SC2016
check "another seed gives another order" "$(report/find_python.sh)" -c '
import json, sys
one, other = (json.load(open(file))["order"] for file in sys.argv[1:])
assert len(one) == len(other) == 40 and one != other' "$dir/first" "$out"

check "--set replaces the last line" status 0 "$bin" plan --set blocks=5 \
	--set "keys=1Ki 2Ki" "$dir/tiny.conf"
check "of each file" contains "$out" "22 trials in 5 rounds"
check "--maps selects" status 0 "$bin" plan --maps 'gomap*' "$dir/tiny.conf"
check "from the maps of the file" contains "$out" "4 trials in 3 rounds"

lacking=$("$bin" dev list | awk '/ not built: needs / { print $1; exit }')
if [ -n "$lacking" ]; then
	check "a named map that is not built does not stop a plan" status 0 "$bin" plan \
		--set "maps=$lacking gomap_rw" "$dir/tiny.conf"
	check "the map that is not built is listed with its packages" grep -q \
		"^not run: $lacking: not built: needs .* (packages: " "$out"
else
	skip "a map that is named and not built" "all libraries are here"
fi

check "ten cells are planned" status 0 "$bin" plan --set blocks=1 \
	--set repeat-share=10% --set 'keys=1 2 4 8 16 32 64 128 256 512' \
	--set maps=gomap_rw "$dir/tiny.conf"
check "their repeat budgets of 10 % add up to one repeat" \
	contains "$out" "in total at most 1 times ("
check "without a file the error lists what is expected" refuses "expected workload files, --mode" \
	"$bin" plan
check "a missing file is reported" refuses "$dir/none.conf: No such file" \
	"$bin" plan "$dir/none.conf"
check "a folder is not a workload" refuses "a directory, expected a file" \
	"$bin" plan "$dir"
check "a missing mode is reported" refuses "workloads/modes/fast.conf: No such" \
	"$bin" plan --mode fast
check "the error lists the existing modes" contains "$err" "expected one of admission, full,"
check "the list has all modes" contains "$err" ", smoke, standard"
elsewhere() { at=$(realpath "$bin"); (cd "$dir" && "$at" plan --mode fast); }
check "a set has separate modes" refuses "workloads/modes/peers-full.conf: No such file or directory, expected one of quick" \
	"$bin" plan --set peers --mode full
check "two sets are rejected" eval 'status 2 "$bin" plan --set peers --set articles &&
	contains "$err" "--set peers and --set articles: expected one set"'
check "a run and its plan have the same seeds" eval \
	'status 2 "$bin" plan --seed 9007199254740992 "$dir/tiny.conf" &&
	contains "$err" "expected a number from 0 to 9007199254740991"'
check "misses need look-ups" eval \
	'status 3 "$bin" plan --set misses=50% --set writes=100% "$dir/tiny.conf" &&
	contains "$out" "with writes = 100% no look-up can miss"'
check "a mistyped set is rejected with the existing sets" refuses \
	"--set peer: no such set, expected KEY=VALUE or one of articles, claims, crossover, peers, production" "$bin" plan --set peer
check "a set as a mode is rejected with the new spelling" refuses "--mode peers is now --set peers, with --mode quick" \
	"$bin" plan --mode peers
check "a mode with a time is rejected with the new spelling" \
	refuses "--mode claims-full is now --set claims --mode full" \
	"$bin" run --needs --mode claims-full
check "a set as a file is rejected with the option" refuses "did you mean --set articles?" \
	"$bin" plan articles
check "a mode as a file is rejected with the option" \
	refuses "did you mean --mode quick?" "$bin" run --needs quick
check "outside of the sources the error names the right folder" refuses \
	"No such file or directory: expected a folder workloads/modes/ here; run this command in the source tree" elsewhere
check "a bad --set is reported at --set KEY" refuses "--set window: window = \"5\"" \
	"$bin" plan --set window=5 "$dir/tiny.conf"
printf 'include = tiny.conf\nkey-bytes = 32\n' >"$dir/long.conf"
check "a --set shape without effect is reported with both lines" refuses \
	"long.conf:2: key-bytes = 32 replaces this part of --set shape=str16x8; add --set key-bytes=shape" \
	"$bin" plan --set shape=str16x8 "$dir/long.conf"
check "the option of that error is accepted" \
	status 0 "$bin" plan --set shape=str16x8 --set key-bytes=shape "$dir/long.conf"
check "an unknown map is reported" refuses '--maps: no map is called "gopher"' \
	"$bin" plan --maps gopher "$dir/tiny.conf"
status 3 "$bin" plan --set keys=2Gi --set shape=str16x24 \
	--set 'maps=rwlock_probe' "$dir/tiny.conf"
check "keys beyond the memory are skipped" contains "$out" "beyond a limit: a trial needs about 294921 MiB of memory"
printf 'writes = 300%%\n' >"$dir/bad.conf"
check "a bad value is reported with file:line" refuses "$dir/bad.conf:1: writes = \"300%\"" \
	"$bin" plan "$dir/bad.conf"
check "an unknown simulated machine is reported with its key" refuses \
	"--set measure: measure = simulated:nope: no machine \"nope\"" \
	"$bin" plan --set measure=simulated:nope --set window=100ops "$dir/tiny.conf"
"$bin" plan --set measure=simulated:zen3 --set window=100ops "$dir/tiny.conf" >"$out" 2>&1
check "a known simulated machine is accepted" grep -q '^tiny  *simulated ' "$out"
status 0 "$bin" plan --set loop=scan:2 --set threads="1 2 3" "$dir/tiny.conf"
check "a scan by all threads is skipped, since no thread writes" \
	contains "$out" "all 2 threads would scan"
check "a scan is planned if a thread is left for writes" \
	test "$(grep -c "all 3 threads" "$out")" = 0
status 0 "$bin" plan --set loop=scan:2 --set writes=0% "$dir/tiny.conf"
check "a scan is planned if there are no writes" test "$(grep -c "would scan" "$out")" = 0
check "a campaign with only skipped cells is incomplete" status 3 \
	"$bin" run --busy-ok --counters none --set loop=scan:2 --set threads=2 \
	-o "$dir/nothing" "$dir/tiny.conf"
check "the reason for which the campaign is incomplete is printed" \
	contains "$out" "status: incomplete: the plan skips all "
status 3 "$bin" plan --json --set loop=hold:100s:100us:1 --set threads=2 \
	--set maps=hold_go_rw "$dir/tiny.conf"
# shellcheck disable=SC2016
check "long lock holds give long estimates" "$(report/find_python.sh)" -c '
import json, sys
cells = json.load(open(sys.argv[1]))["cells"]
assert max(c["estimate_ns"] for c in cells) > 100e9' "$out"
# Memory that is allocated before the window is in use until the window ends.
for bytes in 8 1024; do
	status 3 "$bin" plan --json --set "loop=hash:$bytes:1M" \
		--set maps=hash_fnv1a "$dir/tiny.conf"
	cp "$out" "$dir/hash$bytes"
done
# shellcheck disable=SC2016
check "the plan includes the memory of hashed strings" \
	"$(report/find_python.sh)" -c '
import json, sys
few, many = (max(c["memory_bytes"] for c in json.load(open(f))["cells"])
             for f in sys.argv[1:])
assert many - few >= (1024 - 8) * 10 ** 6' "$dir/hash8" "$dir/hash1024"
# trace KEY: prints a trace with one set of KEY and 30000 gets of another key, which is present.
trace() {
	{
		echo "has a"
		yes "get a" | head -n 30000
		echo "set $1"
		echo "end 30001"
	} >"$dir/some.trace"
	printf '%s\n' 'threads = 2' 'maps = gomap_rw' 'window = 1pass' \
		"keys = file:$dir/some.trace" 'blocks = 1' >"$dir/trace.conf"
	status 0 "$bin" plan --json "$dir/trace.conf"
}
# shellcheck disable=SC2016
kind='
import json, sys
cells = [c for c in json.load(open(sys.argv[1]))["cells"]
         if c["measure"] == "throughput"]
assert {c["write_kind"] for c in cells} == {sys.argv[2]}
assert all(0 < c["write_share"] < .001 for c in cells)'
trace a
check "a trace that replaces has kind update, and its write share is above 0" \
	"$(report/find_python.sh)" -c "$kind" "$out" update
trace b
check "a trace that inserts has kind churn" \
	"$(report/find_python.sh)" -c "$kind" "$out" churn
check "an unknown NUMA node is rejected" refuses "numa:9: this machine has no such" \
	"$bin" plan --set placement=numa:9 "$dir/tiny.conf"
check "an unknown option has status 2" status 2 "$bin" plan --colour

check "another machine can be planned" status 0 env \
	HWLOC_SYNTHETIC="pack:2 [numa] core:4 pu:2" "$bin" plan --cells \
	--set "threads=1 cores/2 cores cpus" "$dir/tiny.conf"
check "the plan prints that it is another machine" contains "$out" \
	"16 CPUs, 8 cores, 2 sockets, 2 NUMA nodes (not this machine)"
check "the plan has the threads of the other machine" contains "$out" "/t16/cores/throughput"

check "local and remote memory are planned" status 0 env \
	HWLOC_SYNTHETIC="pack:2 [numa] core:2 pu:1" "$bin" plan --cells --set placement=one-node \
	--set threads=node-cores --set "memory=local remote memory-only" "$dir/tiny.conf"
check "the cells have memory of the threads' node and of the other node" eval \
	'contains "$out" "/t2/numa:0/bind:0/throughput" && contains "$out" "/t2/numa:0/bind:1/throughput"'
check "the drawing shows the placement and the memory" \
	eval 'contains "$out" "placement numa:0, threads 2, memory bind:1" &&
	contains "$out" "  package 0  node 0: 0[t0] 1[t1]" && contains "$out" "  package 1  node 1 [memory]: 2 3"'
check "cells without their NUMA node are left out, in one line" contains "$out" \
	"left out for lack of NUMA nodes: placement one-node with memory memory-only"
check "if no cell is left the error names the missing nodes" \
	refuses "lacks NUMA nodes for placement one-node with memory" env \
	HWLOC_SYNTHETIC="core:2 pu:1" "$bin" plan --set placement=one-node --set memory=local "$dir/tiny.conf"

check "machine --json is JSON" status 0 "$bin" env machine --json
check "the id in the JSON has 8 hex digits" grep -qE '"id": "[0-9a-f]{8}"' "$out"
check "machine prints a table" status 0 "$bin" env machine
check "the table of machine has absent properties" contains "$out" "absent"
check "doctor prints its checks" status 0 "$bin" env doctor
check "doctor prints every check" test "$(grep -cE '^(ok|note|warning|unknown) ' "$out")" = 19
check "--strict: a warning is status 1" status 1 env HWLOC_SYNTHETIC="pu:2" \
	"$bin" env doctor --strict
check "the warning has the command that corrects it" contains "$out" "fix: unset HWLOC"
while read -r file text; do
	mkdir -p "$dir/quiet/${file%/*}" && echo "$text" >"$dir/quiet/$file"
done <<'END'
proc/pressure/cpu some avg10=0.00
proc/self/cgroup 0::/
proc/stat cpu 1 0 1 1 0 0 0 0
proc/meminfo SwapTotal: 0 kB
proc/sys/kernel/numa_balancing 0
proc/sys/kernel/nmi_watchdog 0
sys/kernel/mm/ksm/run 0
sys/fs/cgroup/cgroup.procs 0
sys/kernel/mm/transparent_hugepage/enabled always [madvise] never
sys/devices/system/clocksource/clocksource0/current_clocksource tsc
sys/devices/system/cpu/cpufreq/boost 0
sys/devices/system/cpu/cpu0/cpufreq/scaling_governor performance
END
strict() { [ "$(nice)" != 0 ] || status "$1" env RM_SYSFS="$dir/quiet" "$bin" env doctor --strict; }
check "--strict: an unknown check that cannot cause noise is status 0" strict 0
rm "$dir/quiet/proc/pressure/cpu"
check "--strict: an unknown check that may cause noise is status 3" strict 3
done_testing
