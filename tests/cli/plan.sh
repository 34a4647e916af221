#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `readmostly plan`, `machine` and `doctor` as a person meets them.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe plain/gomap plain/hash_fnv1a plain/hold_go_rw tests/fake_trial
bin=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
out=$dir/out err=$dir/err

# status N COMMAND...: ends with status N.
status() {
	want=$1; shift
	"$@" >"$out" 2>"$err"
	got=$?
	[ $got = "$want" ] || { echo "# status $got"; sed 's/^/# /' "$err"; return 1; }
}

# refuses TEXT COMMAND...: status 2, nothing on standard output, one line on
# standard error that holds TEXT.
refuses() {
	text=$1; shift
	status 2 "$@" && [ ! -s "$out" ] && [ "$(wc -l <"$err")" = 1 ] &&
		says "$err" "$text"
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
check "that ends with trials and time" says "$out" "8 trials in 3 rounds, about"
check "a plan writes nothing else" test ! -s "$err"
check "--cells names each cell" status 0 "$bin" plan --cells "$dir/tiny.conf"
check "by its id" says "$out" \
	"tiny/gomap_rw/u64x8/n1024/w3/update/m0/uniform/t1/cores/throughput: 3 x"

check "of one thread, two placements are planned" status 0 env \
	HWLOC_SYNTHETIC=pu:2 "$bin" plan --set placement="cores compact" "$dir/tiny.conf"
check "how many cells are others by another name is said" says "$out" \
	"2 cells equal another on this machine and run once (--cells lists them)"
check "of none it is not" eval \
	'status 0 "$bin" plan "$dir/tiny.conf" && ! grep "equal another" "$out"'

cat >"$dir/halves.conf" <<'END'
writes  = 3%
keys    = 64
threads = 2
maps    = gomap gomap_rw
base    = gomap_rw
blocks  = 2
END
check "of two maps one has no lock" status 0 \
	env HWLOC_SYNTHETIC=pu:2 "$bin" plan "$dir/halves.conf"
check "a row has what runs, what does not, and the trials of what runs" \
	grep -qE '^halves +throughput +1 +1 +2 ' "$out"

check "--json is JSON" status 0 "$bin" plan --json "$dir/tiny.conf"
# shellcheck disable=SC2016
check "with cells, order and seed" "$(report/find_python.sh)" -c '
import json, sys
plan = json.load(open(sys.argv[1]))
assert len(plan["cells"]) == 4 and plan["seed"] == 1
assert [len(block) for block in plan["order"]] == [4, 2, 2]
assert sorted(plan["order"][1]) == sorted(plan["order"][2])' "$out"
cp "$out" "$dir/first"
check "--requests has a line for each cell that runs" status 0 "$bin" plan --requests "$dir/tiny.conf"
check "and none for one that does not" eval \
	'[ "$(wc -l <"$out")" = 4 ] && [ "$("$bin" plan --requests "$dir/halves.conf" --set threads=1 | wc -l)" = 4 ] &&
	[ "$("$bin" plan --requests "$dir/halves.conf" --maps gomap | wc -l)" = 0 ]'
grep -m1 '"map":"gomap_rw".*"measure":"throughput"' "$out" >"$dir/request"
check "a trial takes it" eval '"$bin" dev trial <"$dir/request" >"$dir/answer"'
check "and answers for its cell" eval 'grep -q "\"status\":\"\(ok\|void\)\"" "$dir/answer" &&
	grep -qF "$(grep -o "\"id\":\"[^\"]*\"" "$dir/request" | cut -d: -f2)" "$dir/answer"'
RM_FAKE="=idle" "$bin" dev trial "${bin%/*}/tests/fake_trial" <"$dir/request" >"$out"
check "so does another program, judged by what it reports" says "$out" '"status":"void","reason":"thread 0 was never scheduled'
RM_FAKE="=crash" "$bin" dev trial "${bin%/*}/tests/fake_trial" <"$dir/request" >"$out" 2>&1
check "one that crashes is status 3" [ $? = 3 ]
status 0 "$bin" plan --json "$dir/tiny.conf"
check "one seed, the same bytes" cmp -s "$out" "$dir/first"
status 0 "$bin" plan --json --seed 2 --set "blocks=40" "$dir/tiny.conf"
cp "$out" "$dir/first"
status 0 "$bin" plan --json --seed 3 --set "blocks=40" "$dir/tiny.conf"
# shellcheck disable=SC2016
check "another seed, another order" "$(report/find_python.sh)" -c '
import json, sys
one, other = (json.load(open(file))["order"] for file in sys.argv[1:])
assert len(one) == len(other) == 40 and one != other' "$dir/first" "$out"

check "--set is the last line" status 0 "$bin" plan --set blocks=5 \
	--set "keys=1Ki 2Ki" "$dir/tiny.conf"
check "of each file" says "$out" "22 trials in 5 rounds"
check "--maps takes a part" status 0 "$bin" plan --maps 'gomap*' "$dir/tiny.conf"
check "of what the file names" says "$out" "4 trials in 3 rounds"

lacking=$("$bin" dev list | awk '/ not built: needs / { print $1; exit }')
if [ -n "$lacking" ]; then
	check "a map that is named and not built is said so" status 0 "$bin" plan \
		--set "maps=$lacking gomap_rw" "$dir/tiny.conf"
	check "with its packages" grep -q \
		"^not run: $lacking: not built: needs .* (packages: " "$out"
else
	skip "a map that is named and not built" "all libraries are here"
fi

check "ten cells are planned" status 0 "$bin" plan --set blocks=1 \
	--set repeat-share=10% --set 'keys=1 2 4 8 16 32 64 128 256 512' \
	--set maps=gomap_rw "$dir/tiny.conf"
check "with ten times 10 % of a repeat, which a campaign takes for one" \
	says "$out" "in total at most 1 times ("
check "no file: what is expected" refuses "expected workload files, --mode" \
	"$bin" plan
check "a missing file is named" refuses "$dir/none.conf: No such file" \
	"$bin" plan "$dir/none.conf"
check "a folder is no workload" refuses "a directory, expected a file" \
	"$bin" plan "$dir"
check "a missing mode is named" refuses "workloads/modes/fast.conf: No such" \
	"$bin" plan --mode fast
check "and those that there are" says "$err" "expected one of admission, full,"
check "to the last" says "$err" ", smoke, standard"
elsewhere() { at=$(realpath "$bin"); (cd "$dir" && "$at" plan --mode fast); }
check "a set has its own modes" refuses "workloads/modes/peers-full.conf: No such file or directory, expected one of quick" \
	"$bin" plan --set peers --mode full
check "a mistyped set is refused with those that there are" refuses \
	"--set peer: no such set, expected KEY=VALUE or one of articles, claims, crossover, peers, production" "$bin" plan --set peer
check "a set as a mode is refused with the new spelling" refuses "--mode peers is now --set peers, with --mode quick" \
	"$bin" plan --mode peers
check "and with its time, too" refuses "--mode claims-full is now --set claims --mode full" \
	"$bin" run --needs --mode claims-full
check "a set that is no file is refused with the option" refuses "articles: No such file or directory, expected --set articles" \
	"$bin" plan articles
check "and a mode" refuses "quick: No such file or directory, expected --mode quick" "$bin" run --needs quick
check "where there are none, where to be" refuses \
	"No such file or directory: expected a folder workloads/modes/ here; run this command in the source tree" elsewhere
check "a bad --set is at --set KEY" refuses "--set window: window = \"5\"" \
	"$bin" plan --set window=5 "$dir/tiny.conf"
check "an unknown map is named" refuses '--maps: no map is called "gopher"' \
	"$bin" plan --maps gopher "$dir/tiny.conf"
status 0 "$bin" plan --set keys=2Gi --set shape=str16x24 \
	--set 'maps=rwlock_probe' "$dir/tiny.conf"
check "keys beyond the memory are skipped" says "$out" "beyond a limit: a trial needs about 294920 MiB of memory"
printf 'writes = 300%%\n' >"$dir/bad.conf"
check "a bad value is at file:line" refuses "$dir/bad.conf:1: writes = \"300%\"" \
	"$bin" plan "$dir/bad.conf"
check "a simulated machine that is not there is at file:line" refuses \
	"--set measure: measure = simulated:nope: no machine \"nope\"" \
	"$bin" plan --set measure=simulated:nope --set window=100ops "$dir/tiny.conf"
check "one that is there is not" status 0 \
	"$bin" plan --set measure=simulated:zen3 --set window=100ops "$dir/tiny.conf"
status 0 "$bin" plan --set loop=scan:2 --set threads="1 2 3" "$dir/tiny.conf"
check "a scan that leaves no thread for the writes is skipped" \
	says "$out" "all 2 threads would scan"
check "not one that leaves a thread" test "$(grep -c "all 3 threads" "$out")" = 0
status 0 "$bin" plan --set loop=scan:2 --set writes=0% "$dir/tiny.conf"
check "nor one without writes" test "$(grep -c "would scan" "$out")" = 0
check "a campaign of nothing but such cells is incomplete" status 3 \
	"$bin" run --busy-ok --counters none --set loop=scan:2 --set threads=2 \
	-o "$dir/nothing" "$dir/tiny.conf"
check "and says why" says "$out" "status: incomplete: the plan skips all "
status 0 "$bin" plan --json --set loop=hold:100s:100us:1 --set threads=2 \
	--set maps=hold_go_rw "$dir/tiny.conf"
# shellcheck disable=SC2016
check "who holds a lock for long takes long" "$(report/find_python.sh)" -c '
import json, sys
cells = json.load(open(sys.argv[1]))["cells"]
assert max(c["estimate_ns"] for c in cells) > 100e9' "$out"
# What a loop makes before its window is held until its end.
for bytes in 8 1024; do
	status 0 "$bin" plan --json --set "loop=hash:$bytes:1M" \
		--set maps=hash_fnv1a "$dir/tiny.conf"
	cp "$out" "$dir/hash$bytes"
done
# shellcheck disable=SC2016
check "strings that are hashed have their room in the plan" \
	"$(report/find_python.sh)" -c '
import json, sys
few, many = (max(c["memory_bytes"] for c in json.load(open(f))["cells"])
             for f in sys.argv[1:])
assert many - few >= (1024 - 8) * 10 ** 6' "$dir/hash8" "$dir/hash1024"
# trace KEY: one set of the key among 30000 gets of another, which is there
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
check "a trace that replaces updates, and few writes are not none" \
	"$(report/find_python.sh)" -c "$kind" "$out" update
trace b
check "one that puts a new key in does not only update" \
	"$(report/find_python.sh)" -c "$kind" "$out" churn
check "a node that is not there" refuses "numa:9: this machine has no such" \
	"$bin" plan --set placement=numa:9 "$dir/tiny.conf"
check "an unknown option has status 2" status 2 "$bin" plan --colour

check "another machine can be planned" status 0 env \
	HWLOC_SYNTHETIC="pack:2 [numa] core:4 pu:2" "$bin" plan --cells \
	--set "threads=1 cores/2 cores cpus" "$dir/tiny.conf"
check "and shows that it is another" says "$out" \
	"16 CPUs, 8 cores, 2 sockets, 2 NUMA nodes (not this machine)"
check "with its own threads" says "$out" "/t16/cores/throughput"

check "machine --json is JSON" status 0 "$bin" env machine --json
check "with an id of 8 hex digits" grep -qE '"id": "[0-9a-f]{8}"' "$out"
check "machine is for people, too" status 0 "$bin" env machine
check "and says what is absent" says "$out" "absent"
check "doctor reports and changes nothing" status 0 "$bin" env doctor
check "doctor knows every check" test "$(grep -cE '^(ok|note|warning|unknown) ' "$out")" = 17
check "strict: a warning is status 1" status 1 env HWLOC_SYNTHETIC="pu:2" \
	"$bin" env doctor --strict
check "with the command that changes it" says "$out" "fix: unset HWLOC"
done_testing
