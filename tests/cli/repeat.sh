#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Disturbed and void trials run again: which, when, how often, what counts, and
# what kill -9 makes of it; and the warning of a machine that is busy.
# slow: over five seconds of CPU time; not part of `make check`.
. tests/tools/tap.sh
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out log=$dir/pids
runner=
trap 'kill -9 $runner 2>/dev/null; rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial RM_FAKE_LOG=$log
kills=14
RANDOM=3 # the same pauses in every run
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
# The journal against the rule, by an independent reader.
obeys() { # FOLDER
	python3 - "$1" <<'PYTHON'
import itertools, json, sys
folder = sys.argv[1]
meta = json.load(open(folder + "/campaign.json"))
trials = [json.loads(line) for line in open(folder + "/trials.jsonl")]
cells = {c["id"]: c for c in meta["cells"]}
arms = {}
for arm in meta["arms"]:
    arms.setdefault(arm["workload"], set()).add(arm["name"])
spoilt = lambda t: t["status"] == "void" or t["disturbed"] is not None
key = lambda t: (t["block"], t["attempt"])
assert [key(t) for t in trials] == sorted(key(t) for t in trials), \
    "first attempts of a block, then its second ones, then the next block"
of = {}
for t in trials:
    of.setdefault((t["cell"], t["block"]), {}).setdefault(
        t["attempt"], []).append(t)
layouts = [t["environment_bytes"] for t in trials if t["attempt"] > 1]
firsts = {(t["cell"], t["block"], t["arm"]): t["environment_bytes"]
          for t in trials if t["attempt"] == 1}
same = sum(firsts[t["cell"], t["block"], t["arm"]] == t["environment_bytes"]
           for t in trials if t["attempt"] == 2)
assert same <= len(layouts) / 10, "each attempt draws its layout"
for (cell, block), attempts in of.items():
    own = arms.get(cells[cell]["workload"], arms.get(None))
    most = cells[cell]["repeat"]["most"]
    assert sorted(attempts) == list(range(1, len(attempts) + 1))
    assert len({t["seed"] for a in attempts.values() for t in a}) == 1
    for k, lines in attempts.items():
        assert {t["arm"] for t in lines} == own and len(lines) == len(own)
        failed = any(t["status"] in ("failed", "skipped") for t in lines)
        again = any(spoilt(t) for t in lines) and not failed and k <= most
        assert again == (k + 1 in attempts), (cell, block, k)
# in the order of the plan within a round, pairs together
place = {(b, meta["cells"][i]["id"]): n for b, block in enumerate(
    meta["order"]) for n, i in enumerate(block)}
for _, round in itertools.groupby(
        (t for t in trials if not cells[t["cell"]]["skip"]), key):
    order = [place[t["block"], t["cell"]] for t in round]
    assert order == sorted(order)
PYTHON
}
# What counts: the last attempts, without what differs between two runs.
counted() { # FOLDER
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
run drawn "$fixture" --seed 3
check "trials that are void or disturbed are repeated: status 0" [ $status = 0 ]
check "there were many" [ "$(lines '"attempt":[234]')" -gt 100 ]
check "some to the end" [ "$(lines '"attempt":4')" -gt 5 ]
check "order and number obey the rule" obeys "$campaign"
check "validate agrees" "$readmostly" validate "$campaign"
repeated=$(lines '"attempt":[234]')
check "progress counts them beside the plan" says "$out" \
	"$(lines '"attempt":1,')/$(lines '"attempt":1,') trials, $repeated repeated"
check "the summary, too" says "$out" "$repeated repeated, since others"
marked=$(counted "$campaign" | grep -c ' ok True ')
check "and tells how many were disturbed in every attempt" says "$out" \
	"; $marked of those that count were disturbed in every attempt"
ok=$(counted "$campaign" | grep -c ' ok ')
check "each trial counts once, by its last attempt" says "$out" ": $ok ok, "
run again "$fixture" --seed 3
check "the same seed repeats the same" \
	[ "$(counted "$campaign")" = "$(counted "$dir/drawn")" ]

for seed in 11 12 13 14 15 16; do
	most=$((seed % 4))
	run "most$seed" "$fixture" --set blocks=9 --seed $seed \
		--set repeat-most=$most
	obeys "$campaign" && [ "$(lines "\"attempt\":$((most + 2))")" = 0 ] &&
		"$readmostly" validate "$campaign" >/dev/null || break
done
check "whatever the draws and the most that is allowed" [ $seed = 16 ]
run unasked "$fixture" --set blocks=9 --set repeat-wait=0%
check "0 %: only void trials are repeated" \
	[ "$(lines '"disturbed":"')" = 0 -a "$(lines '"attempt":2')" -gt 0 ]
RM_FAKE="=disturbed" run all "$fixture" --set blocks=3
check "where all are disturbed the last counts, marked" [ "$(counted \
	"$campaign" | grep -c ' 4 ok True ')" = 12 ]
check "verifications are not repeated" [ "$(lines 'verify.*"attempt":2')" = 0 ]
RM_FAKE="verify=ok;update=failed;=disturbed" run wrong "$fixture" \
	--set blocks=3
check "a failed trial is not repeated until it is right" \
	[ "$(lines '/update/.*throughput.*"attempt":2')" = 0 ]

# Histograms of all attempts stay.
RM_FAKE="verify=ok;=disturbed" run paced "$fixture" --set blocks=2 \
	--set loop=paced --set rate=1k/s --set measure=latency
files() { grep -oE '"histogram":"[^"]*"' "$campaign/trials.jsonl"; }
check "each attempt has its own histogram" \
	[ "$(files | wc -l)" = 32 -a "$(files | sort -u | wc -l)" = 32 ]
check "which validate finds" "$readmostly" validate "$campaign"

# kill -9 at random points; the draws of an attempt do not depend on them.
export RM_FAKE=$draws
run whole "$fixture" --seed 4 --set blocks=20
campaign=$dir/killed
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
check "kills met repeats" [ $within -gt 2 ]
run killed --resume
check "the last resume ends with status 0" [ $status = 0 ]
check "the same attempts count as without kills" \
	[ "$(counted "$campaign")" = "$(counted "$dir/whole")" ]
check "the rule holds" obeys "$campaign"
check "validate agrees with that, too" "$readmostly" validate "$campaign"

# Arms: a pair is repeated whole.
for arm in base head; do
	cp --reflink=never "$build/tests/fake_trial" "$dir/$arm"
done
unset RM_TRIAL_PROGRAM
pairs=(--arms "base=$dir/base,head=$dir/head" --set blocks=6)
run pairs "$fixture" "${pairs[@]}" --seed 5
check "pairs are repeated: status 0" [ $status = 0 ]
check "some were" [ "$(lines '"attempt":[234]')" -gt 4 ]
check "both arms as often" obeys "$campaign"
check "validate agrees on pairs" "$readmostly" validate "$campaign"
whole=$(lines .)
sed -i '$d' "$campaign/trials.jsonl"
run pairs --resume
check "a block whose last repeat lacks one arm runs again, whole" \
	says "$out" "of a block that was never finished"
check "as it was" [ "$(lines .)" = "$whole" ]
check "and obeys" obeys "$campaign"
export RM_TRIAL_PROGRAM=$build/tests/fake_trial

# Edited journals.
run edit "$fixture" --seed 3 --set blocks=4
cp -r "$campaign" "$dir/kept"
edited() { # NAME WORDS PYTHON: on the list `t` of trials
	cp "$dir/kept/trials.jsonl" "$campaign/trials.jsonl"
	python3 - "$campaign/trials.jsonl" "$3" <<'PYTHON'
import json, sys
t = [json.loads(line) for line in open(sys.argv[1])]
at = next(i for i, x in enumerate(t) if x["attempt"] == 2)
marked = next(i for i, x in enumerate(t) if x["disturbed"])
exec(sys.argv[2])
open(sys.argv[1], "w").writelines(json.dumps(x) + "\n" for x in t)
PYTHON
	"$readmostly" validate "$campaign" >"$out" 2>&1
	local code=$?
	check "$1 is found" [ $code = 1 ]
	check "$1: the words" says "$out" "$2"
}
edited "a repeat that is missing" "attempt 2 arm head" "del t[at]"
edited "a mark that was taken off" "disturbed: expected others took" \
	't[marked]["disturbed"] = None'
edited "a mark that was put on" "disturbed: expected null" \
	'next(x for x in t if not x["disturbed"] and "verify" not in x["cell"])["disturbed"] = "x"'
edited "a repeat of what was good" "not in the plan: " \
	't.append(dict(next(x for x in t if x["status"] == "ok" and not x["disturbed"] and x["block"] == 3), attempt=2))'
edited "a repeat before its time" "repeats at the end of their block" \
	't[at - 1], t[at] = t[at], t[at - 1]'
edited "members that are missing" "expected others_share and disturbed" \
	'del next(x for x in t if "throughput" in x["cell"])["others_share"]'

# A machine that is busy, played by files.
root=$dir/root
mkdir -p "$root/proc/pressure"
machine() { # PRESSURE [LOAD]
	rm -f "$root/proc/pressure/cpu" "$root/proc/loadavg"
	[ -z "$1" ] || echo "some avg10=$1 avg60=0 avg300=0" >"$root/proc/pressure/cpu"
	[ -z "$2" ] || echo "$2 0 0 1/9 9" >"$root/proc/loadavg"
}
look() { # FOLDER ARGUMENTS...
	campaign=$dir/$1
	shift
	RM_SYSFS=$root "$readmostly" run -o "$campaign" --counters none \
		"$fixture" --set blocks=1 "$@" >"$out" 2>&1
	status=$?
}
busy() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1] + "/campaign.json"))["busy"])' "$campaign"; }
export RM_FAKE="=ok"
machine 14.59
look busy
check "a busy machine is a warning, no stop" [ $status = 0 ]
check "that says how busy and what to do" says "$out" \
	"somebody waited for a CPU in 14.6 % of the last 10 s, and still does: results will not rank; stop other work, or wait (--wait-idle 60), or go on like this (--busy-ok)"
check "and stands in campaign.json" eval 'busy | grep -q "14.59"'
check "validate knows it" "$readmostly" validate "$campaign"
look fine --busy-ok
check "--busy-ok: no warning" eval '! grep -q "busy" "$out"'
check "but the record" eval 'busy | grep -q "14.59"'
look refused --wait-idle 1
check "--wait-idle that is in vain is status 2" [ $status = 2 ]
check "and says so" says "$out" "after 1 s of waiting; nothing was started"
check "and starts nothing" [ ! -e "$campaign" ]
(sleep 1.5 && machine 3.00) &
look waited --wait-idle 60
check "--wait-idle goes on once others have ended" [ $status = 0 ]
check "and records that nobody works there" [ "$(busy)" = None ]
machine "" 99.00
look load
check "without pressure the load warns" says "$out" "99.00 tasks ran or waited"
machine ""
look silent
check "a machine that says nothing is not called busy" [ "$(busy)" = None ]
look bad --wait-idle soon
check "a time that is none is status 2" [ $status = 2 ]
check "with what is expected" says "$out" "expected seconds, 1 to 86400"
done_testing
