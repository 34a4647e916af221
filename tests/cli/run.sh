#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `readmostly run` with maps that crash, hang, answer wrongly or are unsuitable.
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe sim/gomap_rw tests/fake_trial
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out number=0
trap 'rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial

run() { # FAKE ARGUMENTS...: runs a new campaign; sets status and campaign
	export RM_FAKE=$1
	shift
	number=$((number + 1)) campaign=$dir/$number
	"$readmostly" run tests/fixtures/campaign.conf -o "$campaign" \
		--counters none --set blocks=4 "$@" >"$out" 2>&1
	status=$?
}
# lines REGEX: counts the matching lines of the journal.
lines() { grep -cE -- "$1" "$campaign/trials.jsonl"; }
# A campaign whose trials failed is complete, too, because each of these trials has a reason.
is_complete() { "$readmostly" dev validate "$campaign" >"$dir/v" || { cat "$dir/v"; return 1; }; }

run ""
check "trials that all work are status 0" [ $status = 0 ]
check "a complete campaign prints status: done" contains "$out" "status: done"
check "the campaign has 4 cells with 4 blocks and 4 verifications" \
	[ "$(lines '"status":"ok"')" = "$(lines .)" ]
trials=$(lines .)
code=$(objcopy -O binary -j '.text*' "$build/impls/gomap/gomap_rw.o" "$dir/text" &&
	sha256sum <"$dir/text" | cut -c1-12)
check "campaign.json has the hash of each map's machine code" \
	grep -qF "\"code\": \"$code\"" "$campaign/campaign.json"

list_missing_maps() { "$readmostly" dev list | sed -n 's/^\([a-z0-9_]*\)  *not built: needs.*/\1/p' | sort; }
list_skipped_maps() {
	/usr/bin/python3 -c '
import json, sys
print(*sorted(m["id"] for m in json.load(open(sys.argv[1]))["skipped_maps"]), sep="\n")' \
		"$campaign/campaign.json"
}
check "campaign.json lists the maps that this build lacks" \
	[ "$(list_skipped_maps)" = "$(list_missing_maps)" ]

run "gomap_rw/u64x8/n1024/w3/update/m0/uniform/t1/cores/throughput=crash"
check "a cell that crashes is status 3" [ $status = 3 ]
check "the trial that crashes runs twice" [ "$(lines '"exit":"signal 11"')" = 2 ]
check "after two crashes the cell is skipped with the reason" [ "$(lines \
	'"status":"skipped","reason":"failed twice: ended by signal 11')" = 2 ]
check "the summary has the cell, the count and the reason" contains "$out" \
	"failed 2 of 4: campaign/gomap_rw/u64x8/n1024/w3/update/m0/uniform/t1/cores/throughput: ended by signal 11"
check "the summary has the number of cells without result" contains "$out" \
	"status: incomplete: 1 of"
check "all other trials ran" [ "$(lines '"status":"ok"')" = $((trials - 4)) ]
check "every trial has its line" is_complete

# The deadline of all trials is long enough to start a process on a busy machine.
run "rwlock_probe/u64x8/n1024/w3/churn/m0/uniform/t1/cores/throughput=hang" \
	--set deadline=5s
check "a cell that hangs is status 3" [ $status = 3 ]
check "a cell that hangs costs only two deadlines" [ "$(lines '"exit":"deadline"')" = 2 ]
check "after the hang every trial has its line" is_complete

run "gomap_rw=failed;verify=ok"
check "wrong answers are status 3" [ $status = 3 ]
check "the reason from the map is printed" contains "$out" "as RM_FAKE wishes"

# If a verification of gomap_rw fails, the other trials of this map do not run.
verify=$(sed -n 's/.*"cell":"\([^"]*gomap_rw[^"]*verify\)".*/\1/p' \
	"$dir/1/trials.jsonl" | head -n 1)
run "$verify=failed"
check "a map that fails verification is status 3" [ $status = 3 ]
check "the summary names the map that failed verification" \
	contains "$out" "failed verification: gomap_rw: as RM_FAKE wishes"
check "the summary names the next step" \
	contains "$out" "\`readmostly check MAP\` looks for the error of a map in C or C++"
check "no trial of this map is timed" [ "$(lines \
	'gomap_rw[^"]*throughput".*"status":"(ok|void|failed)"')" = 0 ]
check "the skipped trials of this map have the reason" [ "$(lines \
	'gomap_rw.*"reason":"not run \(failed verification\): as RM_FAKE')" -ge 8 ]
check "other maps are measured" [ "$(lines \
	'rwlock_probe[^"]*throughput".*"status":"ok"')" = 8 ]
check "the campaign has a line for every trial" is_complete
"$readmostly" run -o "$campaign" --resume >"$out" 2>&1
check "a resume has the same status" [ $? = 3 ]
check "a resume names the same failed map" contains "$out" "failed verification: gomap_rw"

run "churn/m0/uniform/t1/cores/throughput=void"
check "void trials leave cells without result: status 3" [ $status = 3 ]
# 8 of the 16 trials run. The budget allows half a repeat for each of the 16 trials, so 8 repeats
# run.
check "other trials of the block run, and repeats use the budget" \
	[ "$(lines '"status":"void"')" = 16 ]
check "the summary reports the void trials" contains "$out" "void 4 of 4: "

for how in garbage two-lines other-cell missing flood nothing status1; do
	run "rwlock_probe/u64x8/n1024/w3/update/m0/uniform/t1/cores/throughput=$how"
	check "$how: status 3, two failures, and all other trials are ok" \
		[ "$status $(lines '"status":"failed"') $(lines '"status":"ok"')" = "3 2 $((trials - 4))" ]
done

# The first timed trial crashes, and later trials succeed.
cat >"$dir/once" <<SCRIPT
#!/bin/sh
request=\$(cat)
case \$request in *'"measure":"throughput"'*)
	[ -e "$dir/crashed" ] || { : >"$dir/crashed"; kill -SEGV \$\$; };;
esac
printf %s "\$request" | "$build/tests/fake_trial"
SCRIPT
chmod +x "$dir/once"
RM_TRIAL_PROGRAM=$dir/once run ""
check "one crash in a measured cell is status 3" \
	[ "$status $(lines '"status":"failed"') $(lines '"status":"ok"')" = "3 1 $((trials - 1))" ]
check "the crash is reported with its count" contains "$out" "failed 1 of 4: "

RM_TRIAL_PROGRAM=/nonexistent run ""
check "a missing trial program is status 3" [ $status = 3 ]
check "the missing program is reported" contains "$out" "cannot start /nonexistent"

run "" --seed 5
cp "$campaign/trials.jsonl" "$dir/first"
run "" --seed 5
order() { sed 's/.*"cell":"\([^"]*\)","block":\([0-9]*\).*"seed":\([0-9]*\).*/\1 \2 \3/' "$1"; }
check "the same seed gives the same order and seeds" \
	[ "$(order "$dir/first")" = "$(order "$campaign/trials.jsonl")" ]
run "" --seed 6
of_cells() { order "$1" | cut -d' ' -f1,2; } # without the seeds, which always differ
check "another seed gives another order" \
	[ "$(of_cells "$dir/first")" != "$(of_cells "$campaign/trials.jsonl")" ]

# Without a terminal, progress is one line at the start and one at the end.
check "progress prints finished and total trials" contains "$out" "$trials/$trials trials"
check "progress prints the planned and the real time" \
	grep -qE "^planned: [0-9]+ s, taken: [0-9]+ s$" "$out"
check "progress prints only two lines in a short run" \
	[ "$(grep -c ' trials, ' "$out")" = 2 ]

bad() { # NAME WORDS ARGUMENTS...: expects status 2 and an error with the words
	local name=$1 words=$2
	shift 2
	"$readmostly" run "$@" >"$out" 2>&1
	local code=$?
	check "$name is status 2" [ $code = 2 ]
	check "$name: the error has the reason" contains "$out" "$words"
}
bad "an empty command" "expected workload files, --mode NAME or --set NAME"
bad "a missing file" "/nonexistent.conf: " /nonexistent.conf -o "$dir/n"
bad "an invalid seed" "expected a number from 0 to 9007199254740991" --seed x smoke.conf
bad "a negative seed" "expected a number from 0 to 9007199254740991" --seed -1 smoke.conf
bad "mode and file" "expected only one of them" --mode smoke x.conf
bad "resume without a folder" "resume needs -o DIR" --resume
bad "resume of a missing folder" "$dir/n: no such folder, expected the folder of a campaign (\`ls results\`; \`readmostly run" \
	tests/fixtures/campaign.conf --resume -o "$dir/n"
mkdir "$dir/mine" && touch "$dir/mine/thesis"
bad "a folder of other files" "$dir/mine holds other files (thesis)" tests/fixtures/campaign.conf -o "$dir/mine"
bad "a workload without its path" \
	"x/growth-read: No such file or directory, expected a workload file (did you mean workloads/growth-reads.conf?): \`ls workloads/\`" x/growth-read
bad "--maps without a map of the workload" "--set maps: \`maps\` has no map of --maps syncmap" \
	tests/fixtures/campaign.conf --set maps=gomap_rw --maps gomap_rw,syncmap -o "$dir/n"
bad "an unknown back end" "expected auto, likwid, perf, sim, none" \
	tests/fixtures/campaign.conf --counters magic -o "$dir/n"
bad "a --set without =" "KEY=VALUE" tests/fixtures/campaign.conf \
	--set blocks -o "$dir/n"
bad "a bad --set" "--set blocks" tests/fixtures/campaign.conf \
	--set blocks=0 -o "$dir/n"
bad "an unknown map" "nosuch" tests/fixtures/campaign.conf --maps nosuch -o "$dir/n"
check "none of these creates a folder" [ ! -e "$dir/n" ]

# Tests the default folder, its name, and the link to the newest folder.
top=$PWD
mkdir "$dir/work"
cd "$dir/work" || exit 1
RM_FAKE='' RM_TRIAL_PROGRAM=$build/tests/fake_trial \
	"$readmostly" run "$top/tests/fixtures/campaign.conf" \
	--counters none --set blocks=1 >"$out" 2>&1
name=$(readlink results/latest)
is_name() { [[ $name =~ ^20[0-9-]*T[0-9]{4}-campaign-[0-9a-f]{8}$ ]]; }
check "the folder name has date, workload and machine" is_name
check "results/latest is a link to the new folder" [ -s results/latest/trials.jsonl ]
check "the new folder has the topology from hwloc" [ -s results/latest/topology.xml ]
mkdir "$dir/taken" && : >"$dir/taken/results"
no_place() {
	(cd "$dir/taken" && "$readmostly" run "$top/tests/fixtures/campaign.conf" >"$out" 2>&1)
	[ $? = 2 ] && contains "$out" "results: cannot make the folder: File exists, expected a writable place: choose one with -o DIR"
}
check "if no folder can be created the error names the option" no_place
cd "$top" || exit 1
env -u RM_PAGE -u RM_TRIAL_PROGRAM "$readmostly" run workloads/regress-exact.conf --counters none \
	--maps gomap_rw --set keys=1Ki --set threads=1 --set window=20ops -o "$dir/work/results/simulated" >"$out" 2>&1
check "a campaign with only simulated cells is reported as such" contains "$out" "Simulated, no ranking. The counts are"
check "a campaign with only simulated cells does not replace results/latest" \
	[ "$(readlink "$dir/work/results/latest")" = "$name" ]
done_testing
