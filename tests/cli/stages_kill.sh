#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of `readmostly dev crossover` at random points, with a played report: the
# same command goes on, and ends with what a search has that nobody killed.
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
RANDOM=11 # the same pauses in every run

# The same command, whatever is there. A function in the background would be a
# shell of its own, and what is to be killed its child.
command=("$readmostly" dev crossover gomap_rw syncmap --seed 3 --busy-ok --resume -o)
search() { "${command[@]}" "$1"; }
# Until a line more is in $log than $1, or the runner ended.
until_trial() {
	while kill -0 $runner 2>/dev/null && [ "$(wc -l <"$log")" -le "$1" ]; do
		sleep 0.01
	done
}
# What ran: stage, cell, block, seed, of the attempts that count.
ran() {
	(cd "$1" && for stage in stage-*; do
		sed 's/.*"cell":"\([^"]*\)","block":\([0-9]*\),.*"seed":\([0-9]*\).*/\1 \2 \3/' \
			"$stage/trials.jsonl" | sort -u | sed "s/^/$stage /"
	done)
}
lists() { (cd "$1" && cat stage-*/cells.txt); }

: >"$log"
kills=16 ended=0 begun=0
for i in $(seq $kills); do
	started=$(wc -l <"$log")
	"${command[@]}" killed >"$out" 2>&1 &
	runner=$!
	# Odd rounds hit the start, with its questions; even ones the trials.
	[ $((i % 2)) = 0 ] && until_trial "$started"
	sleep "0.$(printf %03d $((RANDOM % 400)))"
	kill -9 $runner 2>/dev/null || ended=$((ended + 1))
	wait $runner 2>/dev/null
	[ -e killed/stage-01/campaign.json ] && begun=$((begun + 1))
done
echo "# $begun of $kills kills met a stage, $ended came too late"
check "most kills met a search that ran" [ $ended -lt $((kills / 2)) ]
check "stages among them" [ $begun -gt 0 ]
search killed >"$out" 2>&1
check "the last resume ends with status 0" [ $? = 0 ]
check "and the decision" says "$out" "decided on 4 stages"
check "all of it is whole" "$readmostly" dev validate killed
search quiet >"$out" 2>&1
check "a search that nobody killed" [ $? = 0 ]
check "asked for the same stages" [ "$(lists killed)" = "$(lists quiet)" ]
check "and ran the same trials, with the same seeds" [ "$(ran killed)" = "$(ran quiet)" ]
check "which are many" [ "$(ran quiet | wc -l)" -gt 30 ]
lines=$(cat killed/stage-*/trials.jsonl | wc -l)
search killed >"$out" 2>&1
check "another resume runs nothing" [ "$lines" = "$(cat killed/stage-*/trials.jsonl | wc -l)" ]
done_testing
