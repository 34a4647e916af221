#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests repeats of disturbed and void trials: their selection, order and limits, the attempt that
# counts, and resumes after the runner was killed. Also tests the warning on a busy machine.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe tests/fake_trial
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out log=$dir/pids
runner=
trap 'kill -9 $runner 2>/dev/null; rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial RM_FAKE_LOG=$log
kills=14
RANDOM=3 # so that every run has the same pauses
draws="verify=ok;=draw"

run() { # FOLDER ARGUMENTS...: sets status and campaign
	campaign=$dir/$1
	shift
	"$readmostly" run -o "$campaign" --busy-ok --counters none "$@" \
		>"$out" 2>&1
	status=$?
}
fixture=tests/fixtures/campaign.conf
lines() { grep -cE -- "$1" "$campaign/trials.jsonl"; }
# Compares the journal with the rule for repeats, using a reader that shares no code with the
# runner.
verify_order() { # FOLDER
	python3 - "$1" <<'PYTHON'
import itertools, json, sys
folder = sys.argv[1]
meta = json.load(open(folder + "/campaign.json"))
trials = [json.loads(line) for line in open(folder + "/trials.jsonl")]
cells = {c["id"]: c for c in meta["cells"]}
arms = {}
for arm in meta["arms"]:
    arms.setdefault(arm["workload"], set()).add(arm["name"])
needs_repeat = lambda t: t["status"] == "void" or t["disturbed"] is not None
position = lambda t: (t["block"], t["attempt"])
assert [position(t) for t in trials] == sorted(position(t) for t in trials), \
    "first attempts of a block, then its second ones, then the next block"
by_attempt = {}
for t in trials:
    by_attempt.setdefault((t["block"], t["attempt"], t["cell"]), []).append(t)
layouts = [t["environment_bytes"] for t in trials if t["attempt"] > 1]
firsts = {(t["cell"], t["block"], t["arm"]): t["environment_bytes"]
          for t in trials if t["attempt"] == 1}
same_layout = sum(firsts[t["cell"], t["block"], t["arm"]] == t["environment_bytes"]
           for t in trials if t["attempt"] == 2)
assert same_layout <= len(layouts) / 10, "each attempt draws its layout"
arm_names = lambda cell: arms.get(cells[cell]["workload"], arms.get(None))
def is_repeated(block, k, cell):
    lines = by_attempt[block, k, cell]
    assert {t["arm"] for t in lines} == arm_names(cell) and len(lines) == len(arm_names(cell))
    failed = any(t["status"] in ("failed", "skipped") for t in lines)
    return (any(needs_repeat(t) for t in lines) and not failed
            and k <= cells[cell]["repeat"]["most"])
# All trials of a round run first. Their repeats run after them while the budget lasts.
turns, percent, repeat_count = [], 0, 0
for block, order in enumerate(meta["order"]):
    queue, budget_spent = [(meta["cells"][i]["id"], 1) for i in order], False
    percent += sum(round(100 * cells[c]["repeat"]["share"]) * len(arm_names(c))
                   for c, _ in queue if cells[c]["repeat"]["most"])
    for cell, k in queue:
        turns.append((block, k, cell))
        if is_repeated(block, k, cell):
            budget_spent = budget_spent or 100 * (repeat_count + len(arm_names(cell))) > percent
            if not budget_spent:
                repeat_count += len(arm_names(cell))
                queue.append((cell, k + 1))
seeds = {}
for t in trials:
    assert seeds.setdefault((t["cell"], t["block"]), t["seed"]) == t["seed"]
order_run = [(t["block"], t["attempt"], t["cell"]) for t in trials
          if not cells[t["cell"]]["skip"]]
assert [k for k, _ in itertools.groupby(order_run)] == turns, \
    "in the order of the plan, pairs together, repeats within the budget"
PYTHON
}
# Prints the attempts that reports use, which are the last ones, without the fields that differ
# between runs.
print_counted() { # FOLDER
	python3 - "$1" <<'PYTHON'
import json, sys
last = {}
for line in open(sys.argv[1] + "/trials.jsonl"):
    t = json.loads(line)
    last[t["cell"], t["block"], t["arm"]] = (
        t["attempt"], t["status"], t["disturbed"] is not None, t["seed"],
        t["environment_bytes"])
for key in sorted(last):
    print(*key, *last[key])
PYTHON
}

export RM_FAKE=$draws
run drawn "$fixture" --seed 3 --set repeat-share=100%
check "trials that are void or disturbed are repeated: status 0" [ $status = 0 ]
check "many trials are repeated" [ "$(lines '"attempt":[234]')" -gt 100 ]
check "some trials are repeated up to the limit" [ "$(lines '"attempt":4')" -gt 5 ]
check "the order and number of repeats follow the rule" verify_order "$campaign"
check "validate accepts these repeats" "$readmostly" dev validate "$campaign"
repeated=$(lines '"attempt":[234]')
check "progress counts repeats separately" contains "$out" \
	"$(lines '"attempt":1,')/$(lines '"attempt":1,') trials, $repeated repeated"
check "the summary counts repeats" \
	contains "$out" "$repeated trials repeated, since other processes"
marked=$(print_counted "$campaign" | grep -c ' ok True ')
check "the summary has the number of counted trials that were disturbed" contains "$out" \
	"; $marked of the trials that count were disturbed"
ok=$(print_counted "$campaign" | grep -c ' ok ')
check "each trial counts once, by its last attempt" contains "$out" ": $ok ok, "
run again "$fixture" --seed 3 --set repeat-share=100%
check "the same seed gives the same repeats" \
	[ "$(print_counted "$campaign")" = "$(print_counted "$dir/drawn")" ]

wrong=
for seed in 11 12 13 14 15 16; do
	most=$((seed % 4))
	run "most$seed" "$fixture" --set blocks=9 --seed $seed \
		--set repeat-most=$most --set repeat-share=$((seed * 17 % 101))%
	verify_order "$campaign" && [ "$(lines "\"attempt\":$((most + 2))")" = 0 ] &&
		"$readmostly" dev validate "$campaign" >/dev/null || wrong="$wrong $seed"
done
check "with other draws and limits, repeats follow the rule, too" [ -z "$wrong" ]
run unasked "$fixture" --seed 3 --set blocks=9 --set repeat-wait=0%
check "with repeat-wait = 0 %, only void trials are repeated" \
	[ "$(lines '"disturbed":"')" = 0 -a "$(lines '"attempt":2')" -gt 0 ]
RM_FAKE="=disturbed" run all "$fixture" --set blocks=3 --set repeat-share=100%
check "if all attempts are disturbed, the last one counts and is marked" [ "$(print_counted \
	"$campaign" | grep -c ' 2 ok True ')" = 12 ]
check "verifications are not repeated" [ "$(lines 'verify.*"attempt":2')" = 0 ]
RM_FAKE="verify=ok;update=failed;=disturbed" run wrong "$fixture" \
	--set blocks=3
check "a failed trial is not repeated" \
	[ "$(lines '/update/.*throughput.*"attempt":2')" = 0 ]

# The budget allows half as many repeats as there are trials that may be repeated.
RM_FAKE="=disturbed" run budget "$fixture" --seed 3 --set blocks=3
check "if all are disturbed a campaign ends after half as many repeats" \
	[ $status = 0 -a "$(lines '"attempt":[234]')" = 6 ]
check "each block has a share of the budget" [ "$(lines '"block":0.*"attempt":2')" = 2 -a \
	"$(lines '"block":2.*"attempt":2')" = 2 ]
check "trials that were not repeated stay marked" \
	[ "$(print_counted "$campaign" | grep -c ' 1 ok True ')" = 6 ]
check "the summary reports that the budget was spent" contains "$out" \
	"12 trials stayed disturbed or void after the budget of repeats (repeat-share) was spent"
check "progress has the largest possible number of trials" contains "$out" \
	"16/16 trials, 6 repeated (at most 6)"
check "with a budget the order and number of repeats follow the rule" verify_order "$campaign"
check "validate accepts a campaign with a budget" "$readmostly" dev validate "$campaign"
check "campaign.json records the budget" [ "$(python3 -c 'import json, sys
print({c["repeat"]["share"] for c in json.load(open(sys.argv[1]))["cells"] if c["repeat"]["most"]})' "$campaign/campaign.json")" = "{0.5}" ]
RM_FAKE="=disturbed" run nothing "$fixture" --set blocks=3 --set repeat-share=0%
check "with repeat-share = 0 %, no trial is repeated" \
	[ $status = 0 -a "$(lines '"attempt":2')" = 0 ]

# The histograms of all attempts are stored.
RM_FAKE="verify=ok;=disturbed" run paced "$fixture" --set blocks=2 \
	--set loop=paced --set rate=1k/s --set measure=latency \
	--set repeat-share=100%
files() { grep -oE '"histogram":"[^"]*"' "$campaign/trials.jsonl"; }
check "each attempt has its own histogram" \
	[ "$(files | wc -l)" = 16 -a "$(files | sort -u | wc -l)" = 16 ]
check "validate finds these histograms" "$readmostly" dev validate "$campaign"

# Kills the runner at random points. The random draws of an attempt do not depend on the kills.
export RM_FAKE=$draws
run whole "$fixture" --seed 4 --set blocks=20
campaign=$dir/killed
mkdir "$campaign"
: >"$log"
early=0 within=0
until_trial() {
	while kill -0 $runner 2>/dev/null && [ "$(wc -l <"$log")" -le "$1" ]; do
		sleep 0.01
	done
}
in_repeats() { tail -n 1 "$campaign/trials.jsonl" 2>/dev/null | grep -q '"attempt":[234]'; }
until_repeat() { while kill -0 $runner 2>/dev/null && ! in_repeats; do :; done; }
for i in $(seq $kills); do
	started=$(wc -l <"$log")
	"$readmostly" run -o "$campaign" "$fixture" --seed 4 --resume \
		--set blocks=20 --busy-ok --counters none >"$out" 2>&1 &
	runner=$!
	until_trial $((started + RANDOM % 6))
	[ $((i % 2)) = 0 ] && until_repeat
	kill -9 $runner 2>/dev/null || early=$((early + 1))
	wait $runner 2>/dev/null
	in_repeats && within=$((within + 1))
done
echo "# $within of $kills kills in the middle of repeats, $early after the end"
check "some kills hit repeats" [ $within -gt 2 ]
run killed --resume
check "the last resume ends with status 0" [ $status = 0 ]
check "the same attempts count as without kills" \
	[ "$(print_counted "$campaign")" = "$(print_counted "$dir/whole")" ]
check "after the kills the order and number of repeats follow the rule" verify_order "$campaign"
check "after the kills the budget was spent" \
	contains "$out" "budget of repeats (repeat-share) was spent"
check "validate accepts the campaign after the kills" "$readmostly" dev validate "$campaign"

# Arms: both trials of a pair are repeated.
for arm in base head; do
	cp --reflink=never "$build/tests/fake_trial" "$dir/$arm"
done
unset RM_TRIAL_PROGRAM
pairs=(--arms "base=$dir/base,head=$dir/head" --set blocks=6)
run pairs "$fixture" "${pairs[@]}" --seed 5
check "pairs are repeated: status 0" [ $status = 0 ]
check "some pairs are repeated" [ "$(lines '"attempt":[234]')" -gt 4 ]
check "both arms are repeated equally often" verify_order "$campaign"
check "validate accepts repeated pairs" "$readmostly" dev validate "$campaign"
whole=$(lines .)
sed -i '$d' "$campaign/trials.jsonl"
run pairs --resume
check "a block with an incomplete last repeat runs again completely" \
	contains "$out" "of an unfinished round"
check "the journal has as many lines as before" [ "$(lines .)" = "$whole" ]
check "the repeats follow the rule" verify_order "$campaign"
export RM_TRIAL_PROGRAM=$build/tests/fake_trial

# Changes to journals that validate must reject.
run edit "$fixture" --seed 3 --set blocks=4
cp -r "$campaign" "$dir/kept"
edited() { # NAME WORDS PYTHON: edits the list `t` of trials
	cp "$dir/kept/trials.jsonl" "$campaign/trials.jsonl"
	python3 - "$campaign/trials.jsonl" "$3" <<'PYTHON'
import json, sys
t = [json.loads(line) for line in open(sys.argv[1])]
at = next(i for i, x in enumerate(t) if x["attempt"] == 2)
last = {(x["cell"], x["block"]): i for i, x in enumerate(t)}
refused = next(i for i in sorted(last.values(), reverse=True) if t[i]["attempt"] < 4
               and (t[i]["disturbed"] or t[i]["status"] == "void"))
pair = next(i for i, x in enumerate(t) if i > at and x["attempt"] == t[i - 1]["attempt"] == 2
            and x["block"] == t[i - 1]["block"])
marked = next(i for i, x in enumerate(t) if x["disturbed"])
exec(sys.argv[2])
open(sys.argv[1], "w").writelines(json.dumps(x) + "\n" for x in t)
PYTHON
	"$readmostly" dev validate "$campaign" >"$out" 2>&1
	local code=$?
	check "$1 is found" [ $code = 1 ]
	check "$1: the error has the reason" contains "$out" "$2"
}
edited "a missing repeat" "attempt 2 arm head" "del t[at]"
edited "a removed mark" "disturbed: expected others took" \
	't[marked]["disturbed"] = None'
edited "an added mark" "disturbed: expected null" \
	'next(x for x in t if not x["disturbed"] and "verify" not in x["cell"])["disturbed"] = "x"'
edited "a repeat of a good trial" "a repeat that was not due, or exceeds" \
	't.append(dict(next(x for x in t if x["status"] == "ok" and not x["disturbed"] and x["block"] == 3), attempt=2))'
edited "a repeat before the end of its block" "repeats at the end of their block" \
	't[at - 1], t[at] = t[at], t[at - 1]'
again='dict(t[refused], attempt=t[refused]["attempt"] + 1)'
edited "a repeat beyond the budget" "exceeds the budget: " "t.append($again)"
edited "a repeat in place of another" "exceeds the budget: " \
	"x = $again; t[max(i for i, y in enumerate(t) if y['attempt'] > 1)] = x"
check "the line that is replaced is reported" contains "$out" "expected a line of"
edited "repeats in another order" "out of order" \
	't[pair - 1], t[pair] = t[pair], t[pair - 1]'
check "no other error is reported" \
	[ "$(grep -c 'trials.jsonl:.*\(out of\|line of\|exceeds\)' "$out")" = 1 ]
edited "another budget in campaign.json" "exceeds the budget: " "
import os
path = os.path.join(os.path.dirname(sys.argv[1]), 'campaign.json')
text = open(path).read()
assert '\"share\": 0.5' in text
open(path, 'w').write(text.replace('\"share\": 0.5', '\"share\": 0.25'))"
check "the wrong checksum is reported" contains "$out" "campaign.json"
sed -i '/"share": 0.25/d; s/"most": 3,/"most": 3/' "$campaign/campaign.json"
edited "repeats in a campaign from before budgets" "expected a line of" ""
cp "$dir/kept/campaign.json" "$campaign/campaign.json"
edited "missing fields" "expected the members others_share and disturbed" \
	'del next(x for x in t if "throughput" in x["cell"])["others_share"]'

# A machine that is busy according to fake files.
root=$dir/root
mkdir -p "$root/proc/pressure"
set_load() { # PRESSURE [LOAD]
	rm -f "$root/proc/pressure/cpu" "$root/proc/loadavg"
	[ -z "$1" ] || echo "some avg10=$1 avg60=0 avg300=0" >"$root/proc/pressure/cpu"
	[ -z "$2" ] || echo "$2 0 0 1/9 9" >"$root/proc/loadavg"
}
run_on_fake_machine() { # FOLDER ARGUMENTS...
	campaign=$dir/$1
	shift
	RM_SYSFS=$root "$readmostly" run -o "$campaign" --counters none \
		"$fixture" --set blocks=1 "$@" >"$out" 2>&1
	status=$?
}
busy() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1] + "/campaign.json"))["busy"])' "$campaign"; }
export RM_FAKE="=ok"
set_load 14.59
run_on_fake_machine busy
check "a busy machine is only a warning" [ $status = 0 ]
check "the warning has the amount and the remedy" contains "$out" \
	"tasks waited for a CPU in 14.6 % of the last 10 s, and still do: results will not rank maps; stop other work, or wait (--wait-idle 60), or continue anyway (--busy-ok)"
check "campaign.json records the load" eval 'busy | grep -q "14.59"'
check "validate accepts the recorded load" "$readmostly" dev validate "$campaign"
run_on_fake_machine fine --busy-ok
check "with --busy-ok there is no warning" eval '! contains "$out" "waited for a CPU"'
check "with --busy-ok the load is recorded" eval 'busy | grep -q "14.59"'
run_on_fake_machine refused --wait-idle 1
check "a --wait-idle that times out is status 2" [ $status = 2 ]
check "the reason for the timeout is printed" \
	contains "$out" "after 1 s of waiting; nothing was started: stop other work, or set a longer --wait-idle"
check "after the timeout nothing is started" [ ! -e "$campaign" ]
(sleep 1.5 && set_load 3.00) &
run_on_fake_machine waited --wait-idle 60
check "--wait-idle starts when the machine is idle" [ $status = 0 ]
check "on an idle machine no load is recorded" [ "$(busy)" = None ]
set_load "" 99.00
run_on_fake_machine load
check "without /proc/pressure the load average gives the warning" \
	contains "$out" "on average 99.00 tasks were runnable"
set_load ""
run_on_fake_machine silent
check "a machine without both files is not busy" [ "$(busy)" = None ]
run_on_fake_machine bad --wait-idle soon
check "an invalid time is status 2" [ $status = 2 ]
check "the error has the valid range" contains "$out" "expected a number from 1 to 86400"
done_testing
