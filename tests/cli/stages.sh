#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests campaigns in stages (crossover, claims, advise) with a fake report (tests/fixtures/staged/)
# that requests the cells given by the test.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
needs plain/gomap_rw plain/syncmap plain/null_map plain/shard_seg plain/unsync_probe tests/fake_trial
top=$PWD build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
python=$(report/find_python.sh)
mkdir "$dir/tree" && cd "$dir/tree" || exit 1
ln -s "$top/tests/fixtures/staged/report" report
mkdir -p workloads/modes
ln -s "$top"/workloads/*.conf workloads
ln -s "$top"/workloads/modes/crossover-*.conf workloads/modes
# Small modes for this test. The project's own modes of claims are larger.
cat >workloads/modes/claims-quick.conf <<'END'
budget    = 1min
workloads = uniform-97-3
maps      = gomap_rw syncmap
warm-up   = 1ms
window    = 2ms
blocks    = 2
verify    = 1kops

[uniform-97-3]
keys      = 1Ki
threads   = 1
write-kind = update churn
measure   = throughput
placement = cores
END
export RM_TRIAL_PROGRAM=$build/tests/fake_trial FAKE_LOG=$dir/calls
two='*n1024/w10/update/*/uniform/t1/*=2;*n1024/w[13]0/churn/*/uniform/t1/*=3'
export FAKE_STAGES=$two

# run_readmostly COMMAND...: sets status and out.
run_readmostly() {
	case $1 in crossover | claims | validate) set -- dev "$@" ;; esac
	"$readmostly" "$@" >"$out" 2>&1; status=$?
}
crossover() { run_readmostly crossover --busy-ok "$@"; }
# satisfies FOLDER EXPRESSION: true if the Python expression about a campaign in stages is true.
satisfies() {
	"$python" - "$@" <<'PYTHON'
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
meta = json.loads((folder / "stages.json").read_text())
plan = json.loads((folder / "plan.json").read_text())
stages = [json.loads((s / "campaign.json").read_text())
          for s in sorted(folder.glob("stage-*"))]
trials = [[json.loads(line) for line in
           (s / "trials.jsonl").read_text().splitlines()]
          for s in sorted(folder.glob("stage-*"))]
timed = [[t for t in stage if not t["cell"].endswith("/verify")]
         for stage in trials]
assert eval(f"({sys.argv[2]})"), (meta, [len(t) for t in trials])
PYTHON
}

crossover gomap_rw syncmap -o a --seed 7
check "a search is status 0" [ $status = 0 ]
check "the search prints its folder" contains "$out" "campaign: a"
check "the search prints how many cells may run" \
	contains "$out" "crossover-quick of gomap_rw,syncmap: 798 cells, 22176 timed trials"
check "the search may run a third of these trials within the time budget" grep -qE \
	"^at most 7392 of them will run, about [0-9.]+ min of a budget of 15.0 min" "$out"
check "each stage prints its cells, trials and time, and the trials so far" grep -qE \
	"^stage 2: 4 cells x 3 blocks, 12 trials and 2 verifications, about [0-9.]+ s; 4 of at most 7392 so far" "$out"
check "each stage prints why its cells run" contains "$out" "    as *n1024/w10/update/"
check "the search ends when the report ends it" contains "$out" \
	"2 stages, 16 trials: stopped because the script ends"
check "the words of the decision are printed" contains "$out" "decided on 2 stages"
check "status: done is the last line" [ "$(tail -n 1 "$out")" = "status: done" ]
check "verdicts.json has the printed words" [ "$(cat a/verdicts.json)" = \
	'{"format": 1, "words": ["decided on 2 stages"]}' ]
check "stages.json has the options of the start" satisfies a "
{k: meta[k] for k in ('format', 'kind', 'maps', 'ids', 'mode', 'seed',
 'budget_trials', 'rule', 'set')} == {'format': 1, 'kind': 'crossover',
 'maps': ['gomap_rw', 'syncmap'], 'ids': None, 'mode': 'quick', 'seed': 7,
 'budget_trials': 7392, 'set': [],
 'rule': {'format': 1, 'kind': 'crossover', 'error': 0.05}}"
check "the hashes in stages.json equal those of the report" env PYTHONPATH="$top" "$python" -P -c '
import json
from report.load import seal
meta = json.load(open("a/stages.json"))
assert seal.campaign_sha256(meta) == meta["sha256"]
assert seal.plan_sha256(json.load(open("a/plan.json"))) == meta["plan_sha256"]'
check "plan.json equals the plan of the mode" sh -c "'$readmostly' plan --json --seed 7 \
	--set crossover --maps gomap_rw,syncmap >plan.json &&
	'$python' -c \"import json; a, b = (json.load(open(f)) for f in ('plan.json', 'a/plan.json')); assert all(a[k] == b[k] for k in ('seed', 'cells', 'order'))\""
check "write shares of its cells are from 0 to 50 %" satisfies a "
{c['write_share'] for c in plan['cells'] if c['measure'] == 'throughput'} ==
{0, .001, .003, .01, .03, .1, .3, .5}"
check "each stage has its own seed" satisfies a "
len({meta['seed'], *(s['seed'] for s in stages)}) == 3"
check "stages run the requested blocks; verifications run once" satisfies a "
[sorted({t['block'] for t in stage}) for stage in timed] == [[0, 1], [0, 1, 2]]
and [s['cells_from']['ids'] for s in stages] == [4, 6]"
check "each stage is a valid campaign" "$readmostly" dev validate a/stage-02
check "the whole search is valid" "$readmostly" dev validate a
check "the report is called for the rule, the stages and the decision, in this order" [ \
	"$(tr '\n' ' ' <"$FAKE_LOG")" = "rule crossover next a next a next a decide a " ]
check "a stage can be repeated by hand" sh -c "'$readmostly' run --busy-ok --counters none \
	--set crossover --maps gomap_rw,syncmap --set blocks=2 \
	--cells-from a/stage-01/cells.txt -o again >'$out' 2>&1"

# The time budget of a mode covers the trials of a search, including repeats.
for mode in quick standard; do
	HWLOC_SYNTHETIC="core:2 pu:1" crossover gomap_rw syncmap --plan --mode $mode
	check "mode $mode keeps its budget on 2 CPUs" awk '/^at most/ {
		found = 1; if ($10 != "min" || 1.3 * $9 > $15 || $16 != "min;") exit 1 }
		END { exit !found }' "$out"
done

# A cell that is measured again gets other keys and another order.
FAKE_STAGES='*n1024/w10/update/*/uniform/t1/*=2;*n1024/w10/update/*/uniform/t1/*=2' \
	crossover syncmap gomap_rw -o twice --set window=3ms --budget 50
check "a cell can be measured again" satisfies twice "
not {(t['cell'], t['seed']) for t in timed[0]} &
    {(t['cell'], t['seed']) for t in timed[1]}"
check "the option --set is recorded" satisfies twice "
meta['set'] == ['window=3ms'] and all(c['window_ns'] == 3000000
for c in stages[1]['cells'] if c['measure'] == 'throughput')"
check "the option --budget is recorded" satisfies twice "meta['budget_trials'] == 50"

# A resume of a finished search runs nothing.
before=$(cat a/stage-0*/trials.jsonl | sha256sum)
crossover -o a --resume
check "a resume of a finished search runs nothing" \
	[ "$status $before" = "0 $(cat a/stage-0*/trials.jsonl | sha256sum)" ]
check "a resume of a finished search decides again" contains "$out" "decided on 2 stages"
FAKE_STAGES="$two;*n1024/w50/fresh/*/zipf*/t1/*=" crossover -o a --resume gomap_rw syncmap
check "if the report requests more cells they run" satisfies a "len(stages) == 3"
check "by default these cells run with the planned blocks" satisfies a "
{t['block'] for t in timed[2]} == set(range(28))"

# refuses NAME STATUS WORDS COMMAND...: expects the status, and an error with the words.
refuses() {
	local name=$1 want=$2 words=$3
	shift 3
	run_readmostly "$@"
	check "$name is status $want" [ $status = "$want" ]
	check "$name: the error has the reason" contains "$out" "$words"
}
refuses "one map" 2 "gomap_rw: expected two maps" crossover gomap_rw
refuses "no map" 2 "expected two maps, A and B" crossover
refuses "three maps" 2 "\"null_map\": expected two maps, or --all" \
	crossover gomap_rw syncmap null_map
refuses "a map twice" 2 "gomap_rw occurs twice" crossover gomap_rw gomap_rw
refuses "an unknown map" 2 'no map is called "gopher"' crossover gopher gomap_rw -o n
check "the error for an unknown map names the command that lists all" grep -q "readmostly dev list. prints all" "$out"
lacking=$("$readmostly" dev list | awk '/ not built: needs / { print $1; exit }')
if [ -n "$lacking" ]; then
	refuses "a map that is not built" 2 "$lacking is not built: needs " \
		crossover "$lacking" gomap_rw
else
	skip "a map that is not built" "all libraries are here"
fi
refuses "a pair and --all" 2 "expected only one of them" crossover gomap_rw syncmap --all gomap_rw,syncmap
refuses "a list of one" 2 "--all: expected two maps or more" crossover --all gomap_rw
refuses "a list with a map twice" 2 "--all: gomap_rw occurs twice" crossover --all gomap_rw,syncmap,gomap_rw
refuses "an unknown mode" 2 "--mode fast: expected one of quick, standard" \
	crossover gomap_rw syncmap --mode fast
refuses "no budget" 2 '--budget "0"' crossover gomap_rw syncmap --budget 0
refuses "resume without a folder" 2 "--resume needs -o DIR" crossover --resume
refuses "plan and resume" 2 "expected only one of them" crossover -o a --plan --resume
refuses "a bad --set" 2 "--set window" crossover gomap_rw syncmap --set window=5 -o n
refuses "a map that runs no cell" 2 "unsync_probe runs none of the cells of crossover-quick: unsafe: " \
	crossover gomap_rw unsync_probe --set threads=2 --set writes=3% --set write-kind=churn -o n
refuses "the same folder without --resume" 2 "or --resume" crossover gomap_rw syncmap -o a
refuses "a resume of a missing folder" 2 "n: no such folder, expected the folder of a campaign" \
	crossover gomap_rw syncmap -o n --resume
refuses "the folder of another campaign" 2 "holds a campaign, expected a new folder" \
	crossover gomap_rw syncmap -o again
refuses "another pair" 2 'started with maps ["gomap_rw","syncmap"], now ["syncmap","gomap_rw"]' \
	crossover syncmap gomap_rw -o a --resume
refuses "another seed" 2 "started with --seed 7, now 8" crossover -o a --resume --seed 8
refuses "another mode" 2 'started with --mode "quick"' crossover -o a --resume --mode standard
refuses "another budget" 2 "started with --budget 7392" crossover -o a --resume --budget 5
refuses "other lines" 2 'started with --set []' crossover -o a --resume --set blocks=3
refuses "another kind" 2 'started with kind "crossover"' claims run -o a --resume
check "none of these creates a folder" [ ! -e n ]
FAKE_BAD=python refuses "no Python" 2 "no Python with the packages of the report" \
	crossover gomap_rw syncmap -o n
check "the error has the remedy for a missing Python" \
	contains "$out" "played: apt-get install python3"
(cd "$dir" && "$readmostly" dev crossover gomap_rw syncmap >"$out" 2>&1)
check "in another folder the missing mode is reported" contains "$out" "workloads/modes/crossover-quick.conf: No such"
(cd "$dir" && "$readmostly" advise x >"$out" 2>&1)
check "the missing report is reported" \
	contains "$out" "start it in the source tree, next to report/ and workloads/"
check "no folder is created" [ ! -e n ]

# Changes after the start of a search. rehash FOLDER CODE: edits stages.json and updates its hash.
rehash() {
	PYTHONPATH="$top" "$python" -P - "$@" <<'PYTHON'
import json, sys
from report.load import seal
file = sys.argv[1] + "/stages.json"
meta = json.load(open(file))
exec(sys.argv[2])
meta["sha256"] = seal.campaign_sha256(meta)
json.dump(meta, open(file, "w"), indent=2)
PYTHON
}
changed() { # NAME WORDS COMMAND...: resumes a copy of folder a, which COMMAND has changed
	local name=$1 words=$2
	shift 2
	rm -rf c && cp -r a c
	"$@"
	refuses "$name" 2 "$words" crossover -o c --resume
}
changed "another machine" "c: started with machine 00000000, now" \
	rehash c 'meta["machine"] = "00000000"'
changed "another build" "c: started with build_id 0123, now" \
	rehash c 'meta["build_id"] = "0123"'
changed "a changed rule" "c/stages.json was changed: sha256 is" \
	sed -i 's/"error": 0.05/"error": 0.5/' c/stages.json
"$readmostly" dev validate c >"$out"
check "validate reports the changed stages.json" \
	contains "$out" "c/stages.json was changed: sha256 is"
rm -rf c && cp -r a c && rm -r c/stage-01
run_readmostly validate c
check "a missing stage is status 1" [ $status = 1 ]
check "the missing stage is reported" \
	contains "$out" "c/stage-01: no campaign.json: expected one before stage-03"
changed "a changed plan" "c/plan.json was changed: plan_sha256 is" \
	sed -i '0,/"keys": 1024/s//"keys": 1025/' c/plan.json
changed "another version" '"format" is not 1' rehash c 'meta["format"] = 2'
changed "a plan that is gone" "c/plan.json is missing" rm c/plan.json
rm -rf c && cp -r a c && rm c/stages.json
refuses "stages without stages.json" 2 "c holds stages, but stages.json is missing" \
	crossover gomap_rw syncmap -o c --resume
changed "a damaged stage" "c/stage-01: changed after it was written" \
	sed -i 's/"ops":/"ops": /' c/stage-01/trials.jsonl
changed "a workload that was changed" "started with another plan of crossover-quick" \
	sh -c "rm workloads/crossover-sweep.conf; sed 's/30%/20%/' \
	'$top/workloads/crossover-sweep.conf' >workloads/crossover-sweep.conf"
ln -sf "$top/workloads/crossover-sweep.conf" workloads

# The report gives invalid answers.
number=0
answers() { # BAD WORDS
	number=$((number + 1))
	FAKE_BAD=$1 crossover gomap_rw syncmap -o "bad$number"
	check "$1: status 3" [ $status = 3 ]
	check "$1: the error has the reason" contains "$out" "$2"
	check "$1: the error has the command to continue" contains "$out" "continue with: $readmostly dev crossover -o bad$number --resume"
}
answers garbage "report next bad1: expected one JSON object"
answers list "report next bad2: expected one JSON object"
answers format "report next: format: expected 1"
answers stage "report next: stage 5, expected 1"
answers empty "report next: cells: expected cell ids"
answers number "report next: cells: expected cell ids"
answers why "report next: expected cells, and why"
answers blocks "report next: blocks: expected null or 1 to 10000"
answers budget "report next: 19998 trials after 0, expected at most 7392"
answers status "failed; its error is printed above"
check "status: the error of Python is printed" contains "$out" "the played report fails"
answers decide "failed; its error is printed above"
answers verdicts "report decide: expected one JSON object as output"
FAKE_BAD=unknown crossover gomap_rw syncmap -o bad
check "unknown: status 2" [ $status = 2 ]
check "unknown: the error has the reason" contains "$out" "bad/stage-01/cells.txt:2: the plan has no cell no/such/cell"
FAKE_BAD=twice crossover gomap_rw syncmap -o bad --resume
check "twice: the error has the reason" contains "$out" "repeats line 2, expected each id once"
crossover -o bad --resume
check "after a valid answer the search continues" [ "$status" = 0 ]
FAKE_BAD=stage FAKE_BAD_AT=2 crossover gomap_rw syncmap -o late
check "an invalid answer after a stage is status 3" [ $status = 3 ]
crossover -o late --resume
check "no trial of the earlier stages is lost" satisfies late "[len(t) for t in timed] == [4, 12]"
crossover -o bad11 --resume
check "a resume makes the missing decision" [ $status = 0 ]

# Trials that fail do not end a search, but are reported.
RM_FAKE="syncmap/u64x8/n1024/w10/update/=crash" crossover gomap_rw syncmap -o failed
check "a search with failed trials is status 3" [ $status = 3 ]
check "the summary of the stage lists the failed trials" \
	contains "$out" "failed 2 of 2: crossover-sweep/syncmap"
check "the other stages run" satisfies failed "len(stages) == 2"
check "the last line has the number of failed cells" \
	contains "$out" "status: incomplete: 1 cells failed or have no result"
crossover -o failed --resume
check "a resume has the same status" contains "$out" "status: incomplete: 1 cells failed or have no result"

RM_FAKE="syncmap/u64x8/n1024/w10/update/=void" crossover gomap_rw syncmap -o void
check "a search in which all trials of a cell are void is status 3" [ $status = 3 ]
check "the last line has the number of cells without result" \
	contains "$out" "status: incomplete: 1 cells failed or have no result"

# The first attempt has a result but is disturbed. The repeat, which counts, is void.
cat >"$dir/worse" <<END
#!/bin/sh
request=\$(cat)
case \$request in
*syncmap/u64x8/n1024/w10/update/*throughput*)
	RM_FAKE==void
	mkdir "$dir/met" 2>/dev/null && RM_FAKE==disturbed
	export RM_FAKE ;;
esac
echo "\$request" | "$build/tests/fake_trial"
END
chmod +x "$dir/worse"
RM_TRIAL_PROGRAM=$dir/worse crossover gomap_rw syncmap -o worse --set repeat-share=100%
check "if the last attempt is void, the status is 3" [ $status = 3 ]
check "the last line counts the cell without result" \
	contains "$out" "status: incomplete: 1 cells failed or have no result"

# SIGTERM stops a search during a trial, and during a call of the report.
stop_when() { # FOLDER COMMAND...: starts a search; SIGTERM when COMMAND succeeds
	local folder=$1
	shift
	"$readmostly" dev crossover --busy-ok gomap_rw syncmap -o "$folder" >"$out" 2>&1 &
	local runner=$!
	while kill -0 $runner 2>/dev/null && ! "$@"; do sleep 0.02; done
	kill -TERM $runner
	wait $runner
	status=$?
}
: >"$dir/started"
RM_FAKE="w10/update=hang" RM_FAKE_LOG=$dir/started stop_when term \
	grep -q w10/update "$dir/started"
check "SIGTERM in a trial is status 75" [ $status = 75 ]
check "the output has the command that continues the search" contains "$out" \
	"status: interrupted; what was measured is safe, continue with: $readmostly dev crossover -o term --resume"
crossover -o term --resume
check "the unfinished stage continues first" contains "$out" "stage 1: resuming"
check "all requested trials run after the resume" \
	satisfies term "[len(t) for t in timed] == [4, 12]"
: >"$FAKE_LOG"
think=think-$$ # a name that is unique on this machine
FAKE_BAD=hang stop_when $think grep -q "^next $think" "$FAKE_LOG"
check "SIGTERM during a call of the report is status 75" [ $status = 75 ]
check "SIGTERM ends the Python of the report" [ -z "$(pgrep -f "report next $think")" ]
RM_FAKE="w10/update=hang" RM_FAKE_LOG=$dir/started
export RM_FAKE RM_FAKE_LOG
: >"$dir/started"
"$readmostly" dev crossover --busy-ok gomap_rw syncmap -o owned >"$dir/first" 2>&1 &
runner=$!
while kill -0 $runner && ! grep -q w10/update "$dir/started"; do sleep 0.02; done
refuses "a second owner" 2 "process $runner runs this campaign" crossover -o owned --resume
kill -TERM $runner
wait $runner
unset RM_FAKE RM_FAKE_LOG

# Real maps and programs, with windows of a millisecond.
(
	unset RM_TRIAL_PROGRAM
	FAKE_STAGES='*=3;*/w3/*=2' crossover gomap_rw syncmap -o real --set keys=1Ki \
		--set "writes=1% 3% 10%" --set write-kind=update --set dist=uniform \
		--set threads=1 --set warm-up=1ms --set window=1ms --set verify=10kops
	# On a busy machine, all trials of a cell may be void because windows are so short.
	tail -n 1 "$out" | grep -q 'cells failed or have no result' && [ $status = 3 ] && status=0
	echo $status >"$dir/real"
)
check "a search of real maps is status 0" [ "$(cat "$dir/real")" = 0 ]
check "the requested trials have run" satisfies real "
[len({(t['cell'], t['block']) for t in s}) for s in timed] == [18, 4]"
check "the real program has measured" satisfies real "
all(t['result']['ops'] > 0 for s in timed for t in s if t['status'] == 'ok')"
check "the folder of this search is valid" "$readmostly" dev validate real

# Tests --all, which searches all pairs of maps.
FAKE_STAGES='*n1024/w10/update/*/uniform/t1/*=1' crossover --all gomap_rw,syncmap,shard_seg -o all
check "--all runs all pairs of a list" [ $status = 0 ]
check "each pair has its own folder" \
	[ "$(cd all && echo *)" = "gomap_rw-shard_seg gomap_rw-syncmap syncmap-shard_seg" ]
check "the folder of a pair has its maps" \
	satisfies all/syncmap-shard_seg "meta['maps'] == ['syncmap', 'shard_seg']"
FAKE_STAGES='*n1024/w10/update/*/uniform/t1/*=1' crossover --all gomap_rw,syncmap,shard_seg -o all --resume
check "a search of all pairs can be resumed" \
	[ "$status $(grep -c '^resuming all/' "$out")" = "0 3" ]
FAKE_STAGES='*n1024/w10/update/*/uniform/t1/*=1' crossover --all gomap_rw,syncmap
check "without -o a folder is created in results" [ "$status $(echo results/*-crossover-*/)" = \
	"0 $(dirname "$(sed -n 's/^campaign: //p' "$out")")/" ]
RM_FAKE='=hang' "$readmostly" dev crossover --busy-ok --all gomap_rw,syncmap,shard_seg -o pairs >"$out" 2>&1 &
runner=$!
while kill -0 $runner && [ ! -e pairs/gomap_rw-syncmap/stage-01/campaign.json ]; do sleep 0.02; done
kill -TERM $runner
wait $runner
check "if a search of all pairs is stopped, the command that continues all is printed" \
	[ "$? $(tail -n 1 "$out")" = \
	"75 to resume all pairs: $readmostly dev crossover --all gomap_rw,syncmap,shard_seg -o pairs --resume" ]
crossover gomap_rw syncmap --plan
check "--plan is status 0" [ $status = 0 ]
check "--plan runs nothing" [ "$(wc -l <"$out")" = 2 ]

# Tests runs for claims.
export FAKE_STAGES='*='
run_readmostly claims run --busy-ok -o claims --seed 5
check "claims run is status 0" [ $status = 0 ]
check "all cells of the claims run with their blocks" satisfies claims "
len(timed[0]) == 8 and meta['kind'] == 'claims' and meta['maps'] is None
and meta['budget_trials'] == 8"
run_readmostly claims run --busy-ok -o some churn --plan
check "ids restrict the plan" contains "$out" "claims-quick: 2 cells, 4 timed trials"
run_readmostly claims run --busy-ok -o some churn /syncmap/
check "ids restrict the cells that run" satisfies some "
meta['ids'] == ['churn', '/syncmap/'] and len(plan['cells']) == 3"
run_readmostly claims run --busy-ok -o some --resume
check "a resume keeps the ids" [ $status = 0 ]
refuses "an unknown id" 2 "report claims cells: no cell" claims run nothing
# The real report names the unknown claim.
ln -sfn "$top/report" report
refuses "an unknown claim" 2 "no claim S4-9999: expected ids" claims run S4-9999
ln -sfn "$top/tests/fixtures/staged/report" report
run_readmostly claims list --open
check "the report runs claims list" contains "$out" "asked: claims list --open"
run_readmostly claims show S4-01 seven
check "the report runs claims show and gives its status" [ $status = 7 ]
refuses "claims without a subcommand" 2 'expected list, show or run' claims
refuses "claims with an unknown subcommand" 2 '"walk": expected list, show or run' claims walk
run_readmostly advise a --writes 3% --keys 10k
check "the report runs advise" contains "$out" "asked: advise a --writes 3% --keys 10k"
for command in crossover claims "claims run" advise; do
	# shellcheck disable=SC2086 # words
	run_readmostly $command --help
	check "$command --help prints the usage" [ "$status $(grep -c '^Usage: readmostly' "$out")" = "0 1" ]
done
run_readmostly dev
check "dev lists the commands" grep -q "^  crossover .*boundary" "$out"
done_testing
