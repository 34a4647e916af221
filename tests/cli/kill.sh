#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kills `readmostly run` with SIGKILL at random points, and resumes the campaign.
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe tests/fake_trial
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) campaign=$dir/campaign log=$dir/pids out=$dir/out
runner=
trap 'kill -9 $runner 2>/dev/null; rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial RM_FAKE_LOG=$log
kills=20
RANDOM=7 # so that every run has the same pauses

start() { # ARGUMENTS...: starts a run in the background
	"$readmostly" run -o "$campaign" "$@" --busy-ok --counters none >"$out" 2>&1 &
	runner=$!
}
begin_or_resume() {
	mkdir -p "$campaign"
	start tests/fixtures/campaign.conf --resume
}
# Prints the trials that are still running. Zombies do not count, because they remain if no process
# reaps orphans. The kernel kills trials shortly after their runner.
running_trials() {
	local pid name state rest
	# shellcheck disable=SC2013 # numbers
	for pid in $(cut -d' ' -f1 "$log" | sort -u); do
		read -r _ name state rest <"/proc/$pid/stat" || continue
		[ "$name" = "(fake_trial)" ] && [ "$state" != Z ] && echo "$pid"
	done 2>/dev/null
}
orphans() {
	for _ in $(seq 100); do
		[ -z "$(running_trials)" ] && return 1
		sleep 0.1
	done
	echo "# outlived their runner: $(running_trials | xargs)"
}
# Compares (cell, block, arm) of the plan and of the journal, using a reader that shares no code
# with the runner.
same_set() {
	python3 - "$campaign" <<'PYTHON'
import collections, json, sys
folder = sys.argv[1]
campaign = json.load(open(folder + "/campaign.json"))
text = open(folder + "/trials.jsonl").read()
assert text.endswith("\n"), "torn"
lines = [json.loads(line) for line in text.splitlines()]
found = collections.Counter((t["cell"], t["block"], t["arm"]) for t in lines)
planned = {(campaign["cells"][i]["id"], b, "head")
           for b, block in enumerate(campaign["order"]) for i in block}
planned |= {(c["id"], 0, "head") for c in campaign["cells"] if c["skip"]}
assert set(found) == planned, set(found) ^ planned
assert max(found.values()) == 1, found.most_common(3)
assert all(t["status"] == "ok" for t in lines if t["reason"] is None)
assert not any(t["status"] == "failed" for t in lines)
PYTHON
}

# Waits until more than $1 trials were started or the runner exits.
until_trial() {
	while kill -0 $runner 2>/dev/null &&
		[ "$(wc -l <"$log")" -le "$1" ]; do
		sleep 0.01
	done
}
kill_runner() {
	kill -9 $runner 2>/dev/null || early=$((early + 1))
	wait $runner 2>/dev/null
}
# Appends a part of a line, such as an interrupted write may leave.
tear() {
	# shellcheck disable=SC2094 # tail has read the file completely
	tail -n 1 "$campaign/trials.jsonl" | head -c 100 \
		>>"$campaign/trials.jsonl"
	torn=$((torn + 1))
	begin_or_resume
	until_trial "$(wc -l <"$log")"
	kill_runner
	grep -q "removed 100 bytes" "$out" && cut=$((cut + 1))
}

: >"$log"
early=0 orphaned=0 torn=0 cut=0
for i in $(seq $kills); do
	started=$(wc -l <"$log")
	# In every third round, the running trial does not end.
	export RM_FAKE="=wait:20"
	[ $((i % 3)) = 0 ] && export RM_FAKE="=hang"
	begin_or_resume
	# Odd rounds kill the runner at its start, even rounds after some trials.
	[ $((i % 2)) = 0 ] && until_trial "$started"
	sleep "0.$(printf %03d $((RANDOM % 200)))"
	kill_runner
	orphans && orphaned=$((orphaned + 1))
	[ $((i % 4)) = 0 ] && [ -s "$campaign/trials.jsonl" ] && tear
done
echo "# journal after $kills kills: $(wc -l <"$campaign/trials.jsonl") lines"
check "every kill hit a running campaign" [ $early = 0 ]
check "no trial outlives its runner" [ $orphaned = 0 ]
check "some lines were torn" [ $torn -gt 0 ]
check "every torn line is removed and reported" [ $cut = $torn ]
export RM_FAKE="=ok"
"$readmostly" run -o "$campaign" --resume >"$out" 2>&1
check "the last resume ends with status 0" [ $? = 0 ]
check "the journal has the trials of the plan, each once" same_set
check "validate accepts it" "$readmostly" dev validate "$campaign"
lines=$(wc -l <"$campaign/trials.jsonl")
"$readmostly" run -o "$campaign" --resume >"$out" 2>&1
check "a resume of a complete campaign runs nothing" \
	[ "$lines" = "$(wc -l <"$campaign/trials.jsonl")" ]

# A second runner is refused. Then the first one is stopped by SIGTERM.
campaign=$dir/second
: >"$log"
export RM_FAKE="=hang"
begin_or_resume
until_trial 0
"$readmostly" run -o "$campaign" --resume >"$dir/other" 2>&1
check "a second runner is status 2" [ $? = 2 ]
check "the error has the process number of the first runner" \
	contains "$dir/other" "process $runner runs"
"$readmostly" dev validate "$campaign" >"$dir/other" 2>&1
check "validate reports no problem of a running campaign" \
	[ "$? $(grep -c "process $runner runs" "$dir/other") $(wc -l <"$dir/other")" = "2 1 1" ]
kill -TERM $runner
wait $runner
check "SIGTERM is status 75" [ $? = 75 ]
check "after SIGTERM the output has the command that continues the campaign" contains "$out" \
	"continue with: $readmostly run -o $campaign --resume"
check "after SIGTERM the running trial is gone" eval '! orphans'
check "the stopped trial has no line" [ ! -s "$campaign/trials.jsonl" ]
export RM_FAKE="=ok"
"$readmostly" run -o "$campaign" --resume >"$out" 2>&1
check "the campaign can be resumed" [ $? = 0 ]
check "after the resume the journal has the trials of the plan, each once" same_set
start tests/fixtures/campaign.conf --resume --seed 12345
wait $runner
check "a resume with another seed is status 2" [ $? = 2 ]
check "the error has both seeds" contains "$out" "now it is 12345"
start tests/fixtures/campaign.conf --resume --note why=else
wait $runner
check "a resume with a new note is status 2" [ $? = 2 ]
check "the error has the note and the remedy" contains "$out" \
	"started with --note why (none), now it is else: start a new campaign"
start workloads/hot-reads.conf --resume
wait $runner
check "a resume with another workload is status 2" [ $? = 2 ]
check "the error names the workload" contains "$out" "differs from the workload"
start tests/fixtures/campaign.conf
wait $runner
check "the same folder without --resume is status 2" [ $? = 2 ]
check "the error names --resume" contains "$out" "or --resume"
# Edits the recorded data so that they seem to be from another machine or build.
check_edited() { # NAME WORDS SED
	sed -i.bak "$3" "$campaign/campaign.json"
	start --resume
	wait $runner
	check "$1 is status 2" [ $? = 2 ]
	check "$1: the error has the reason" contains "$out" "$2"
	mv "$campaign/campaign.json.bak" "$campaign/campaign.json"
}
check_edited "another machine" "started with machine 00000000, now it is" \
	'/"machine"/,/"build"/s/"id": "[0-9a-f]*"/"id": "00000000"/'
check_edited "another build" "started with build 0123, now it is" \
	's/"build_id": "[0-9a-f]*"/"build_id": "0123"/'
check_edited "another plan" "the plan was changed" 's/"keys": 1024/"keys": 1025/'
check_edited "another seed in the file" "the plan was changed" \
	's/^  "seed": [0-9]*/  "seed": 7/'
check_edited "an unknown note" \
	"campaign.json: changed since it was written, its hash is not sha256: restore it" \
	's/"notes": {}/"notes": {"a": "b"}/'
echo >>"$campaign/topology.xml"
start --resume
wait $runner
check "a resume with another topology is status 2" [ $? = 2 ]
check "the error names topology.xml and the remedy" contains "$out" \
	"topology.xml: changed since it was written, its hash is not topology_sha256: restore it"
rm "$campaign/campaign.json"
start tests/fixtures/campaign.conf --resume
wait $runner
check "trials without a plan are status 2" [ $? = 2 ]
check "trials without a plan are not added to another plan" contains "$out" \
	"has a trials.jsonl but no campaign.json: restore campaign.json"
done_testing
