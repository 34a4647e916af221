#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests the A/A control, in which two programs contain the same map and run adjacent trials. Also
# tests a resume after the runner was killed.
. tests/tools/tap.sh
needs plain/gomap_rw plain/shard_seg_grow aa/shard_seg_grow
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) campaign=$dir/campaign out=$dir/out
runner=
trap 'kill -9 $runner 2>/dev/null; rm -rf "$dir"' EXIT
cat >"$dir/w.conf" <<CONF
writes = 3%
keys = 1Ki
maps = gomap_rw shard_seg_grow
control = shard_seg_grow
threads = 1 2
warm-up = 1ms
window = 10ms
deadline = 20s
blocks = 12
repeat-most = 0
verify = 1kops
measure = throughput
CONF
cell=w/shard_seg_grow/u64x8/n1024/w3/update/m0/uniform/t2/cores/throughput

matches() { grep -qE -- "$1" "$out" || { cut -c 1-300 "$out" | sed 's/^/# /'; return 1; }; }
run() { # ARGUMENTS...: sets status
	"$readmostly" run -o "$campaign" --counters none --busy-ok --seed 5 "$@" >"$out" 2>&1
	status=$?
}

# ---- two programs of one map --------------------------------------------------
functions() { # FLAVOUR: prints address and size of each function in the measured loop
	nm -nS "$build/maps/$1/shard_seg_grow" | awk '$4 ~ /^drive_u64x8(_[a-z]+)?$/ { print $1, $2 }'
}
# True if all functions moved by the same distance, which is not a multiple of a page, and kept
# their alignment and length.
moved() {
	paste <(functions plain) <(functions aa) | python3 -c '
import sys
rows = [[int(x, 16) for x in line.split()] for line in sys.stdin]
assert len(rows) > 3, rows
assert len({b - a for a, _, b, _ in rows}) == 1, rows
assert all((b - a) % 4096 and a % 64 == b % 64 == 0 for a, _, b, _ in rows), rows
assert all(m == n for _, m, _, n in rows), rows'
}
# Prints the instructions without addresses.
code() {
	objdump -d --no-show-raw-insn -j .text "$build/maps/$1/shard_seg_grow" |
		sed -E '1,3d; s/^ *[0-9a-f]+:?//; s/(0x)?[0-9a-f]{3,}/X/g; s/ +#.*//; /^\t\.\.\.$/d'
}
equal_code() { cmp <(code plain) <(code aa) && [ "$(code aa | wc -l)" -gt 10000 ]; }
check "functions of the control program have other addresses, same alignment and size" moved
check "both programs have the same instructions" equal_code

# ---- the plan -----------------------------------------------------------------
"$readmostly" plan "$dir/w.conf" >"$out" 2>&1
check "plan prints the control" \
	matches "^A/A control: 12 more trials of $cell, by maps/aa/shard_seg_grow, about "
check "the trials of the control are part of the plan" matches "^62 trials in 12 rounds, "
"$readmostly" run --needs "$dir/w.conf" >"$out" 2>&1
check "--needs lists the program of the control" matches "^aa/shard_seg_grow$"
check "--needs lists each program once" [ "$(sort "$out" | uniq -d | wc -l)" = 0 ]
"$readmostly" plan --set key-bytes=32 "$dir/w.conf" >"$out" 2>&1
check "plan prints why long keys have no control" \
	matches "^A/A control: none in w, because no cell measures the throughput of shard_seg_grow with keys of 8 or 16 bytes"
"$readmostly" run --needs --set control=none "$dir/w.conf" >"$out" 2>&1
check "with control=none the plan has no control" eval '! matches ^aa/ >/dev/null'

# ---- a campaign ------------------------------------------------------------------
# Compares the journal with the plan, using a reader that shares no code with the runner.
verify_journal() {
	python3 - "$campaign" "$cell" <<'PYTHON'
import collections, hashlib, json, pathlib, sys
folder, cell = sys.argv[1:]
meta = json.load(open(folder + "/campaign.json"))
trials = [json.loads(line) for line in open(folder + "/trials.jsonl")]
head, control = meta["arms"]
assert (head["name"], control["name"], control["flavour"]) == ("head", "aa", "aa")
assert list(control["programs"]) == ["aa/shard_seg_grow"], control
assert [c["id"] for c in meta["cells"] if c.get("control")] == [cell]
planned = {(meta["cells"][i]["id"], "head") for r in meta["order"] for i in r}
assert {(t["cell"], t["arm"]) for t in trials} == planned | {(cell, "aa")}
assert {t["status"] for t in trials} <= {"ok", "void"}
sides = [t for t in trials if t["cell"] == cell]
assert [(t["block"], t["slot"]) for t in sides] == [
    (b, s) for b in range(12) for s in (0, 1)], sides
places = [i for i, t in enumerate(trials) if t["cell"] == cell]
assert all(b == a + 1 for a, b in zip(places[::2], places[1::2])), places
for a, b in zip(sides[::2], sides[1::2]):
    assert {a["arm"], b["arm"]} == {"head", "aa"} and a["seed"] == b["seed"]
assert len({t["arm"] for t in sides[::2]}) == 2, "either goes first"
for arm, path in ((head, "plain"), (control, "aa")):
    program = path + "/shard_seg_grow"
    assert {t["binary_sha256"] for t in sides if t["arm"] == arm["name"]} \
        == {arm["programs"][program]}
assert head["programs"]["plain/shard_seg_grow"] \
    != control["programs"]["aa/shard_seg_grow"]
PYTHON
}
kills=0
mkdir -p "$campaign"
for _ in 1 2 3; do
	"$readmostly" run -o "$campaign" --counters none --busy-ok --seed 5 --resume "$dir/w.conf" >"$out" 2>&1 &
	runner=$!
	lines=$(cat "$campaign/trials.jsonl" 2>/dev/null | wc -l)
	for _ in $(seq 500); do
		[ "$(cat "$campaign/trials.jsonl" 2>/dev/null | wc -l)" -ge $((lines + 9)) ] && break
		sleep 0.01
	done
	kill -9 $runner 2>/dev/null && kills=$((kills + 1))
	wait $runner 2>/dev/null
done
check "every kill hit a running campaign" [ $kills = 3 ]
run --resume
check "a resume completes the campaign" [ $status = 0 ]
check "each trial of the control is next to a trial of its map, in either order" verify_journal
# The report's reader: the trials of the map belong to the arm `head`, and no trial is pending.
read_back() {
	PYTHONPATH=. "$(report/find_python.sh)" - "$campaign" "$cell" <<'PYTHON'
import sys
from pathlib import Path
from report import load
campaign, cell = load.read(Path(sys.argv[1])), sys.argv[2]
assert campaign.pending == 0, campaign.pending
assert len(campaign.cells[cell].trials) == 12
assert {k: len(v) for k, v in campaign.arms.items()} == {("aa", cell): 12}
PYTHON
}
check "the report finds the pairs and nothing pending" read_back
check "validate accepts the arm of the control" "$readmostly" dev validate "$campaign"
lines=$(wc -l <"$campaign/trials.jsonl")
lost=$(grep -n '"arm":"aa"' "$campaign/trials.jsonl" | tail -n 1 | cut -d: -f1)
sed -i "${lost}d" "$campaign/trials.jsonl"
"$readmostly" dev validate "$campaign" >"$out" 2>&1
check "validate finds a missing trial of the control" [ $? = 1 ]
sed -i "$lost,\$d" "$campaign/trials.jsonl"
run --resume
check "a resume runs the missing trial" [ "$(wc -l <"$campaign/trials.jsonl")" = "$lines" ]

# ---- a missing program ------------------------------------------------------------
mkdir -p "$dir/elsewhere/maps"
cp "$readmostly" "$dir/elsewhere"
cp -r "$build/maps/plain" "$build/maps/names.tsv" "$dir/elsewhere/maps"
readmostly=$dir/elsewhere/readmostly campaign=$dir/other
run "$dir/w.conf"
check "a control that is not built is status 2 before any trial" \
	eval '[ $status = 2 ] && [ ! -e "$campaign" ]'
check "the error has the command that builds it" matches "make programs NEEDED=aa/shard_seg_grow"
run --maps gomap_rw "$dir/w.conf"
check "a campaign without the map of the control runs without a control" [ $status = 0 ]

done_testing
