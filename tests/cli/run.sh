#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `readmostly run` makes of maps that crash, hang, lie or are unfit.
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe tests/fake_trial
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out number=0
trap 'rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial

run() { # FAKE ARGUMENTS...: a new campaign; sets status and campaign
	export RM_FAKE=$1
	shift
	number=$((number + 1)) campaign=$dir/$number
	"$readmostly" run tests/fixtures/campaign.conf -o "$campaign" \
		--counters none --set blocks=4 "$@" >"$out" 2>&1
	status=$?
}
# lines PATTERN: how many lines of the journal match.
lines() { grep -cE -- "$1" "$campaign/trials.jsonl"; }
# A campaign with a mistake is complete all the same: a reason per trial.
is_complete() { "$readmostly" dev validate "$campaign" >"$dir/v" || { cat "$dir/v"; return 1; }; }

run ""
check "trials that all work are status 0" [ $status = 0 ]
check "and 'status: done'" says "$out" "status: done"
check "4 cells x 4 blocks and 4 verifications" \
	[ "$(lines '"status":"ok"')" = "$(lines .)" ]
trials=$(lines .)
code=$(objcopy -O binary -j '.text*' "$build/impls/gomap/gomap_rw.o" "$dir/text" &&
	sha256sum <"$dir/text" | cut -c1-12)
check "campaign.json tells each map's machine code" \
	grep -qF "\"code\": \"$code\"" "$campaign/campaign.json"

lacking() { "$readmostly" dev list | sed -n 's/^\([a-z0-9_]*\)  *not built: needs.*/\1/p' | sort; }
told_lacking() {
	/usr/bin/python3 -c '
import json, sys
print(*sorted(m["id"] for m in json.load(open(sys.argv[1]))["skipped_maps"]), sep="\n")' \
		"$campaign/campaign.json"
}
check "and the maps that this build lacks" [ "$(told_lacking)" = "$(lacking)" ]

run "gomap_rw/u64x8/n1024/w3/update/m0/uniform/t1/cores/throughput=crash"
check "a cell that crashes is status 3" [ $status = 3 ]
check "it is tried twice" [ "$(lines '"exit":"signal 11"')" = 2 ]
check "then skipped with the reason" [ "$(lines \
	'"status":"skipped","reason":"failed twice: ended by signal 11')" = 2 ]
check "the summary names cell, count and reason" says "$out" \
	"failed 2 of 4: campaign/gomap_rw/u64x8/n1024/w3/update/m0/uniform/t1/cores/throughput: ended by signal 11"
check "and how many cells are without result" says "$out" \
	"status: incomplete: 1 of"
check "all other trials ran" [ "$(lines '"status":"ok"')" = $((trials - 4)) ]
check "every trial has its line" is_complete

# The deadline is everybody's: long enough to start a process on a busy machine.
run "rwlock_probe/u64x8/n1024/w3/churn/m0/uniform/t1/cores/throughput=hang" \
	--set deadline=5s
check "a cell that hangs is status 3" [ $status = 3 ]
check "and costs two deadlines, not four" [ "$(lines '"exit":"deadline"')" = 2 ]
check "every trial has its line then, too" is_complete

run "gomap_rw=failed;verify=ok"
check "answers that fail are status 3" [ $status = 3 ]
check "their reason is the map's" says "$out" "as RM_FAKE wishes"

# One verification of gomap_rw fails: nothing else of that map is run.
verify=$(sed -n 's/.*"cell":"\([^"]*gomap_rw[^"]*verify\)".*/\1/p' \
	"$dir/1/trials.jsonl" | head -n 1)
run "$verify=failed"
check "a map that fails verification is status 3" [ $status = 3 ]
check "it is named" says "$out" "failed verification: gomap_rw: as RM_FAKE wishes"
check "nothing else of it is timed" [ "$(lines \
	'gomap_rw[^"]*throughput".*"status":"(ok|void|failed)"')" = 0 ]
check "its trials say why" [ "$(lines \
	'gomap_rw.*"reason":"not run \(failed verification\): as RM_FAKE')" -ge 8 ]
check "other maps are measured" [ "$(lines \
	'rwlock_probe[^"]*throughput".*"status":"ok"')" = 8 ]
check "with a line for every trial" is_complete
"$readmostly" run -o "$campaign" --resume >"$out" 2>&1
check "a resume is of the same opinion" [ $? = 3 ]
check "and remembers the map" says "$out" "failed verification: gomap_rw"

run "churn/m0/uniform/t1/cores/throughput=void"
check "void trials leave cells without result: status 3" [ $status = 3 ]
# 8 of 16 trials, and half a repeat for each of the 16
check "but do not stop their blocks, and are repeated while the budget lasts" \
	[ "$(lines '"status":"void"')" = 16 ]
check "and are named" says "$out" "void 4 of 4: "

for how in garbage two-lines other-cell missing flood nothing status1; do
	run "rwlock_probe/u64x8/n1024/w3/update/m0/uniform/t1/cores/throughput=$how"
	check "$how: status 3, two failures, the rest is measured" \
		[ "$status $(lines '"status":"failed"') $(lines '"status":"ok"')" = "3 2 $((trials - 4))" ]
done

# One crash, the first timed trial, and good ones after it.
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
check "one crash in a cell that is measured otherwise is status 3" \
	[ "$status $(lines '"status":"failed"') $(lines '"status":"ok"')" = "3 1 $((trials - 1))" ]
check "and is named, too, with its count" says "$out" "failed 1 of 4: "

RM_TRIAL_PROGRAM=/nonexistent run ""
check "a trial program that is not there is status 3" [ $status = 3 ]
check "and is named, too" says "$out" "cannot start /nonexistent"

run "" --seed 5
cp "$campaign/trials.jsonl" "$dir/first"
run "" --seed 5
order() { sed 's/.*"cell":"\([^"]*\)","block":\([0-9]*\).*"seed":\([0-9]*\).*/\1 \2 \3/' "$1"; }
check "the same seed gives the same order and seeds" \
	[ "$(order "$dir/first")" = "$(order "$campaign/trials.jsonl")" ]
run "" --seed 6
of_cells() { order "$1" | cut -d' ' -f1,2; } # without their seeds, which differ anyway
check "another seed another order" \
	[ "$(of_cells "$dir/first")" != "$(of_cells "$campaign/trials.jsonl")" ]

# Progress: without a terminal at the start and at the end.
check "progress says done and total" says "$out" "$trials/$trials trials"
check "and what was planned beside what it took" \
	grep -qE "^planned: [0-9]+ s, taken: [0-9]+ s$" "$out"
check "and no more than two lines in a short run" \
	[ "$(grep -c ' trials, ' "$out")" = 2 ]

bad() { # NAME WORDS ARGUMENTS...: status 2 and the words
	local name=$1 words=$2
	shift 2
	"$readmostly" run "$@" >"$out" 2>&1
	local code=$?
	check "$name is status 2" [ $code = 2 ]
	check "$name: the reason" says "$out" "$words"
}
bad "nothing to run" "expected workload files, --mode NAME or --set NAME"
bad "a missing file" "/nonexistent.conf: " /nonexistent.conf -o "$dir/n"
bad "a seed that is none" "expected a number from 0 to 9007199254740991" --seed x smoke.conf
bad "a negative seed" "expected a number from 0 to 9007199254740991" --seed -1 smoke.conf
bad "mode and file" "expected only one of them" --mode smoke x.conf
bad "resume without a folder" "expected also -o DIR" --resume
bad "an unknown back end" "expected auto, likwid, perf, sim, none" \
	tests/fixtures/campaign.conf --counters magic -o "$dir/n"
bad "a --set without =" "KEY=VALUE" tests/fixtures/campaign.conf \
	--set blocks -o "$dir/n"
bad "a bad --set" "--set blocks" tests/fixtures/campaign.conf \
	--set blocks=0 -o "$dir/n"
bad "an unknown map" "nosuch" tests/fixtures/campaign.conf --maps nosuch -o "$dir/n"
check "and none of these left a folder" [ ! -e "$dir/n" ]

# The default folder, its name and the link to the newest.
top=$PWD
mkdir "$dir/work"
cd "$dir/work" || exit 1
RM_FAKE='' RM_TRIAL_PROGRAM=$build/tests/fake_trial \
	"$readmostly" run "$top/tests/fixtures/campaign.conf" \
	--counters none --set blocks=1 >"$out" 2>&1
name=$(readlink results/latest)
is_name() { [[ $name =~ ^20[0-9-]*T[0-9]{4}-campaign-[0-9a-f]{8}$ ]]; }
check "the folder is named by date, workload and machine" is_name
check "results/latest leads to it" [ -s results/latest/trials.jsonl ]
check "with hwloc's view" [ -s results/latest/topology.xml ]
mkdir "$dir/taken" && : >"$dir/taken/results"
no_place() {
	(cd "$dir/taken" && "$readmostly" run "$top/tests/fixtures/campaign.conf" >"$out" 2>&1)
	[ $? = 2 ] && says "$out" "results: cannot make the folder: File exists, expected a writable place: choose one with -o DIR"
}
check "where none can be made it says how to name another" no_place
cd "$top" || exit 1
done_testing
