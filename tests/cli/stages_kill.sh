#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kills `readmostly dev crossover` with SIGKILL at random points, with a fake report. The same
# command continues the search, and the final result is the same as without kills.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
needs plain/gomap_rw plain/syncmap tests/fake_trial
top=$PWD build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) log=$dir/pids out=$dir/out
runner=
trap 'kill -9 $runner 2>/dev/null; rm -rf "$dir"' EXIT
mkdir "$dir/tree" && cd "$dir/tree" || exit 1
ln -s "$top/tests/fixtures/staged/report" report
ln -s "$top/workloads" workloads
export RM_TRIAL_PROGRAM=$build/tests/fake_trial RM_FAKE_LOG=$log RM_FAKE="=wait:20"
export FAKE_STAGES='*n1024/w10/update/*/t1/*=3;*n1024/w*/churn/*/uniform/t1/*=1;*n16384/w1/*/uniform/t1/*=2;*n1024/w10/update/*/t1/*=2'
RANDOM=11 # so that every run has the same pauses

# The same command starts and resumes the search. It is not a function, because a function in the
# background runs in a subshell, and the process to kill would be its child.
command=("$readmostly" dev crossover gomap_rw syncmap --seed 3 --busy-ok --resume -o)
search() { "${command[@]}" "$1"; }
mkdir killed quiet
# Waits until $log has more than $1 lines or the runner exits.
until_trial() {
	while kill -0 $runner 2>/dev/null && [ "$(wc -l <"$log")" -le "$1" ]; do
		sleep 0.01
	done
}
# Prints stage, cell, block and seed of the attempts that reports use.
list_trials() {
	(cd "$1" && for stage in stage-*; do
		sed 's/.*"cell":"\([^"]*\)","block":\([0-9]*\),.*"seed":\([0-9]*\).*/\1 \2 \3/' \
			"$stage/trials.jsonl" | sort -u | sed "s/^/$stage /"
	done)
}
print_cells() { (cd "$1" && cat stage-*/cells.txt); }

: >"$log"
kills=16 ended=0 begun=0
for i in $(seq $kills); do
	started=$(wc -l <"$log")
	"${command[@]}" killed >"$out" 2>&1 &
	runner=$!
	# Odd rounds kill the runner at its start, while it calls the report. Even rounds kill it
	# during the trials.
	[ $((i % 2)) = 0 ] && until_trial "$started"
	sleep "0.$(printf %03d $((RANDOM % 400)))"
	kill -9 $runner 2>/dev/null || ended=$((ended + 1))
	wait $runner 2>/dev/null
	[ -e killed/stage-01/campaign.json ] && begun=$((begun + 1))
done
echo "# $begun of $kills kills met a stage, $ended came too late"
check "most kills hit a running search" [ $ended -lt $((kills / 2)) ]
check "some kills hit a running stage" [ $begun -gt 0 ]
search killed >"$out" 2>&1
check "the last resume ends with status 0" [ $? = 0 ]
check "the last resume prints the decision" contains "$out" "decided on 4 stages"
check "the folder is valid after the kills" "$readmostly" dev validate killed
search quiet >"$out" 2>&1
check "a search without kills succeeds" [ $? = 0 ]
check "both searches have the same stages" [ "$(print_cells killed)" = "$(print_cells quiet)" ]
check "both searches have the same trials and seeds" \
	[ "$(list_trials killed)" = "$(list_trials quiet)" ]
check "a search has many trials" [ "$(list_trials quiet | wc -l)" -gt 30 ]
lines=$(cat killed/stage-*/trials.jsonl | wc -l)
search killed >"$out" 2>&1
check "another resume runs nothing" [ "$lines" = "$(cat killed/stage-*/trials.jsonl | wc -l)" ]
done_testing
